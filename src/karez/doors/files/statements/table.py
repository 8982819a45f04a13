"""A table of bookings (CSV, Parquet, XLSX), a row a booking, read as a mapping says.

Rows of one account and statement number are one statement. Where there is a column with the balance
after each booking, every row is held to it, whether the newest stands first or last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import attrs

from karez.doors.files.rows import Table, read_csv_text
from karez.doors.files.statements.drafts import (
    Faults,
    Reading,
    StatementFaultError,
    check_days,
    minor_units,
    refuse,
)
from karez.doors.files.statements.errors import (
    StatementCurrencyError,
    StatementFieldError,
    StatementSumError,
)
from karez.doors.files.statements.mapping import StatementMapping
from karez.doors.files.trade.errors import DateFormError
from karez.doors.files.trade.sheets import open_table
from karez.kernel.errors import KarezError
from karez.kernel.money import Currency, currency, format_amount
from karez.services.payments.statement import Balance, BankStatement, StatementEntry

_YES = {"true", "yes", "1", "x", "storno", "reversal"}


def read_table(path: Path, mapping: StatementMapping) -> Reading:
    """Read a table of bookings; either all its statements or what is wrong with it."""
    faults = Faults(path)
    reader = _Reader(mapping, faults)
    try:
        if mapping.skip_lines:
            with path.open(encoding=mapping.encoding, errors="surrogateescape", newline="") as text:
                lines = list(islice(text, mapping.skip_lines))
                reader.read(read_csv_text(text, str(path)), len(lines))
        else:
            with open_table(path, mapping.encoding) as table:
                reader.read(table, 0)
    except KarezError as error:
        faults.add(1, "", "", error)
    return faults.reading(reader.statements())


@attrs.frozen
class _Row:
    entry: StatementEntry
    balance_minor: int | None


@attrs.define
class _Reader:
    mapping: StatementMapping
    faults: Faults
    places: dict[str, list[int]] = attrs.field(factory=dict[str, "list[int]"])
    rows: dict[tuple[str, str, Currency], list[_Row]] = attrs.field(
        factory=dict[tuple[str, str, Currency], "list[_Row]"]
    )
    days: dict[str, date] = attrs.field(factory=dict[str, date])

    def read(self, table: Table, skipped: int) -> None:
        """Read all rows of a table."""
        self.faults.unit = table.unit
        self.places = self.mapping.places(table.file, table.header)
        for block in table.blocks:
            for place, (line, row) in enumerate(zip(block.lines, block.rows, strict=True)):
                fault = block.faults.get(place)
                if fault is not None:
                    self.faults.add(line + skipped, fault.field, fault.value, fault.error)
                elif any(row):
                    with self.faults.caught():
                        self._take(line + skipped, row)
                if self.faults.too_many:
                    return

    def _take(self, line: int, row: Sequence[str]) -> None:
        fields = {
            field: " ".join(" ".join(row[place] for place in places).split())
            for field, places in self.places.items()
        }
        need = partial(_need, line, fields)
        code = fields.get("currency") or (self.mapping.currency and self.mapping.currency.code)
        try:
            unit = currency(code or "")
        except KarezError as error:
            raise StatementFaultError(line, "currency", code or "", error) from error
        booked_on = self._day(line, need(("booked_on", "valid_on")))
        valid_on = self._day(line, need(("valid_on", "booked_on")))
        check_days(line, "valid_on", booked_on, valid_on)
        account = "".join((fields.get("account") or self.mapping.account).split())
        if not account:
            raise StatementFaultError(line, "account", "", StatementFieldError(field="account"))
        number = fields.get("number") or self.mapping.number
        balance = fields.get("balance", "")
        entry = StatementEntry(
            line=line,
            group=len(self.rows.get((account, number, unit), ())),
            booked_on=booked_on,
            valid_on=valid_on,
            amount_minor=self._amount(line, fields, unit),
            is_reversal=fields.get("reversal", "").lower() in _YES,
            remittance=fields.get("remittance", ""),
            bank_reference=fields.get("bank_reference", ""),
            end_to_end=fields.get("end_to_end", ""),
            mandate=fields.get("mandate", ""),
            creditor_reference=fields.get("creditor_reference", ""),
            name=fields.get("name", ""),
            account=fields.get("other_account", ""),
            code=fields.get("code", ""),
        )
        after = self._minor(line, "balance", balance, unit) if balance else None
        self.rows.setdefault((account, number, unit), []).append(_Row(entry, after))

    def _amount(  # noqa: RET503 - refuse() does not return
        self, line: int, fields: Mapping[str, str], unit: Currency
    ) -> int:
        if "amount" not in self.places:
            credit, debit = fields.get("credit", ""), fields.get("debit", "")
            if bool(credit) == bool(debit):
                error = StatementFieldError(field="one of credit and debit")
                raise StatementFaultError(line, "credit", credit, error)
            amount_minor = self._minor(line, "credit" if credit else "debit", credit or debit, unit)
            return abs(amount_minor) if credit else -abs(amount_minor)
        amount_minor = self._minor(line, "amount", fields["amount"], unit)
        direction = fields.get("direction")
        if direction is None:
            return amount_minor
        if direction in self.mapping.credit_words:
            return abs(amount_minor)
        if direction in self.mapping.debit_words:
            return -abs(amount_minor)
        words = ", ".join((*self.mapping.credit_words, *self.mapping.debit_words))
        refuse(line, "direction", direction, f"direction of {words}")

    def _minor(self, line: int, field: str, text: str, unit: Currency) -> int:
        plain = text.replace(" ", "").replace("\u00a0", "")
        if self.mapping.group_mark:
            plain = plain.replace(self.mapping.group_mark, "")
        plain = plain.replace(self.mapping.decimal_mark, ".").replace("\u2212", "-")
        negative = plain.startswith("-") or plain.endswith("-")
        try:
            amount_minor = minor_units(plain.strip("-").removeprefix("+"), unit)
        except KarezError as error:
            raise StatementFaultError(line, field, text, error) from error
        return -amount_minor if negative else amount_minor

    def _day(self, line: int, text: str) -> date:
        if text not in self.days:
            for form in self.mapping.dates:
                try:
                    self.days[text] = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day
                    break
                except ValueError:
                    continue
            else:
                forms = ", ".join(self.mapping.dates)
                error = DateFormError(text=text, forms=forms)
                raise StatementFaultError(line, "booked_on", text, error)
        return self.days[text]

    def statements(self) -> list[BankStatement]:
        """Return what was read, a statement for each account and number."""
        made: list[BankStatement] = []
        accounts: dict[str, Currency] = {}
        for (account, number, unit), rows in self.rows.items():
            first = rows[0].entry
            with self.faults.caught():
                if accounts.setdefault(account, unit) != unit:
                    wanted = accounts[account].code
                    error = StatementCurrencyError(found=unit.code, wanted=wanted)
                    raise StatementFaultError(first.line, "currency", unit.code, error)
                opening, closing = _balances(rows, unit)
                made.append(
                    BankStatement(
                        line=first.line,
                        account=account,
                        number=number,
                        currency=unit,
                        opening=opening,
                        closing=closing,
                        entries=[row.entry for row in rows],
                    )
                )
        return made


def _need(line: int, fields: Mapping[str, str], names: Iterable[str]) -> str:
    for name in names:
        if fields.get(name):
            return fields[name]
    name = next(iter(names))
    raise StatementFaultError(line, name, "", StatementFieldError(field=name))


def _balances(rows: Sequence[_Row], unit: Currency) -> tuple[Balance | None, Balance | None]:
    """Return opening and closing balance, if each row says what stood after it."""
    if any(row.balance_minor is None for row in rows):
        return None, None
    backward = list(reversed(rows))
    broken = _broken(rows)
    if broken is None or (len(rows) > 1 and _broken(backward) is None):
        ordered = rows if broken is None else backward
        first, last = ordered[0], ordered[-1]
        before_minor = (first.balance_minor or 0) - first.entry.amount_minor
        opening = Balance(first.entry.booked_on, before_minor)
        return opening, Balance(last.entry.booked_on, last.balance_minor or 0)
    before, row = rows[broken - 1], rows[broken]
    made_minor = (before.balance_minor or 0) + row.entry.amount_minor
    shown = [
        format_amount(amount_minor or 0, unit)
        for amount_minor in (
            before.balance_minor, row.entry.amount_minor, made_minor, row.balance_minor,
        )
    ]  # fmt: skip
    names = ("opening", "entries", "made", "closing")
    error = StatementSumError(**dict(zip(names, shown, strict=True)))
    raise StatementFaultError(row.entry.line, "balance", shown[3], error)


def _broken(rows: Sequence[_Row]) -> int | None:
    """Return the first row whose balance does not follow from the one before it."""
    for place in range(1, len(rows)):
        row = rows[place]
        if (rows[place - 1].balance_minor or 0) + row.entry.amount_minor != row.balance_minor:
            return place
    return None
