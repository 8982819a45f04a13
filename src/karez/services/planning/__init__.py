"""A year's lending planned: whom, how much, at which rate, from what the facts book knows."""

from karez.services.planning.believing import Sales, sales_of_year
from karez.services.planning.year import (
    LOOKED_AT,
    Market,
    Rules,
    Year,
    plan_year,
)

__all__ = ["LOOKED_AT", "Market", "Rules", "Sales", "Year", "plan_year", "sales_of_year"]
