from datetime import date, timedelta
from decimal import Decimal
import pytest
from karez.services.bookkeeping import Books, trial_balance
from karez.services.bookkeeping import verify as verify_money
from karez.services.closing import close_days
from karez.services.lending import open_chart, verify
from services.closing.desk import *

def test_x(connection, institution):
    books = Books(connection, institution, may_write=True)
    open_chart(books, "EUR")
    loans = lend(books, [booking(n) for n in range(1, 6)])
    done = close_days([books], date(2026,1,31))
    print(done[0], done[-1])
    pay(books, loans[0], date(2026,2,1), 106_62)
    done = close_days([books], date(2026,6,30))
    for d in done:
        if d.changed_count or d.provided_count: print(d)
    print(verify(books).findings)
    print(verify_money(books).findings)
    #print(trial_balance(books, date(2026,6,30)))
    with books.transaction() as c:
        for r in c.execute("select loan_number, since, until::text, status, stage, principal_minor, overdue_principal_minor, oldest_due,next_due, accrual_from, accrual_until, accrual_base_minor, accrual_target_minor, interest_settled_minor, holds_until from lending.standing where loan_number<3 order by 1,2"): print(*r)
        for r in c.execute("select * from closing.allowance where loan_number<3 order by 2,3"): print(*r)
