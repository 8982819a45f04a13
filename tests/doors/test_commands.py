"""Every command: it helps, it answers in JSON, and the page of commands says what it says."""

import json
import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner

from books.facts.test_notes import PETER
from doors.conftest import Karez
from doors.test_cli_facts import VISIT
from doors.test_cli_loan import CASE
from doors.test_cli_payout import REPORT
from doors.trade.test_epcis import EVENT
from doors.trade.test_invoices import GOOD, HEADER
from doors.trade.test_ubl import invoice
from karez.doors.cli import cli
from karez.kernel.database import Database
from karez.services import jobs
from karez.services.bookkeeping import open_books
from services.payments.tools import lender
from services.products.sheets import SMALLEST

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "commands_page.py"))
ENTRY = "01890a5d-ac96-774b-bcce-b302099a8057"
HELD = (ENTRY.replace("0189", "0188"), ENTRY.replace("0189", "0187"))
DAY = "--entered 2026-02-01"
UNTIL = ("--keep-until", "2090-01-01T00:00:00Z")
GRANTED = ENTRY.replace("0189", "0186")
CLAIM = "--kind pledge --holder a --business Mill --thing MV=1 --until 2090-01-01T00:00:00Z"
USE = "--receiver b --purpose p --scope s --series 1 --from 2026-01-01 --to 2026-01-31"
CONSENT = (
    "--grantor ann --receiver b --purpose p --scope s --series 1 --mode VIEW"
    " --starts-at 2020-01-01T00:00:00Z --ends-at 2090-01-01T00:00:00Z"
    " --range-from 2026-01-01 --range-to 2026-01-31"
)
ON = "--on 2026-06-30"
ASKED = f"--product pledged --borrower tin:1 --amount 1000 --instalments 12 {ON}"
READABLE = (
    "--grantor tin:1 --receiver main --purpose underwriting --scope TRANSACTIONS --series facts"
    " --mode VIEW --starts-at 2020-01-01T00:00:00Z --ends-at 2090-01-01T00:00:00Z"
    " --range-from 2026-01-01 --range-to 2026-12-31 --uses 9"
)
PLEDGED = """
[collateral]
least_cover_pct = 50
[[collateral.accepted]]
kind = "vehicle"
advance_pct = 80
"""
LOAN_MAP = """\
title = "old"
currency = "EUR"
as_of = 2026-01-31
statuses = { ok = "as-agreed" }
[columns]
reference = "no"
paid_out_on = "day"
amount = "sum"
instalments = "n"
status = "how"
"""
PRICE = {
    "plan.toml": (
        'currency = "EUR"\nbudget = 9\namount = { least = 1, most = 9, step = 1 }\nlgd = 0.5\n'
        "rates = { least = 0.05, most = 0.1 }\ncosts = { funding = 0.01 }"
    ),
    "curve.csv": "annual_rate,churn_all\n0.05,0.1\n0.1,0.5",
    "firms.csv": "firm,industry,pd\nmill,milling,0.01",
    "policy.toml": (
        'columns = ["pd", "decision"]\n'
        'rows = [["< 0.1", "approve"], [">= 0.1", "refuse"], ["missing", "refer"]]'
    ),
    "past.csv": "application,amount,rate,pd\nA1,5,0.1,0.02",
}
# One call of each command, in an order in which each can do its work.
CALLS = {
    "up": "",
    "status": "",
    "doctor": "",
    "config show": "",
    "migrate": "",
    "institution open": "acme",
    "institution list": "",
    "account open": "1 --type asset --currency EUR",
    "account show": "1",
    "account change": "1 --name Till",
    "account close": "1 --on 2026-01-05",
    "account reopen": "1",
    "account list": "",
    "post": "first.csv",
    "entry show": ENTRY,
    "entry reverse": f"{ENTRY} --on 2026-01-05",
    "pending post": f"{HELD[0]} --on 2026-01-05",
    "pending void": f"{HELD[1]}/0 --on 2026-01-05",
    "pending expire": "",
    "balance": "1",
    "statement": "1 --from 2026-01-01",
    "trial-balance": "--as-of 2026-01-31",
    "period close": "2026-01-31",
    "period reopen": "--reason late",
    "period list": "",
    "close": "--date 2026-01-31",
    "period end-year": "2026-12-31",
    "report trial-balance": "--as-of 2026-01-31",
    "report profit-and-loss": "--from 2026-01-01 --to 2026-01-31",
    "report balance-sheet": "--on 2026-01-31",
    "report par": "",
    "report officers": "",
    "report counties": "",
    "report concentration": "",
    "report losses": "",
    "report vintages": "",
    "report rolls": "",
    "tape": "tape.csv",
    "verify": "",
    "payment import": "bank.sta",
    "payment statements": "",
    "payment queue": "",
    "payment show": "1",
    "payment assign": "1 1",
    "payment unassign": "1",
    "payment split": "1 1=1.00",
    "payment return": "2",
    "payment cash": "1 5.00",
    "payment reference": "1",
    "payment mark": "1 --mandate M",
    "payment promise": "1 5.00 --until 2030-01-01",
    "payment promises": "",
    "payment payee": "1 --account A1 --name Ann",
    "payment payouts": "",
    "payment payout-file": "out.xml",
    "payment payout-files": "",
    "payment payout-answer": "answer.xml",
    "payment payout-void": "1 --reason closed",
    "payment verify": "",
    "rights register": f"--id {ENTRY} {CLAIM}",
    "rights import": "claims.csv",
    "rights show": ENTRY,
    "rights amend": f"{ENTRY} --description truck",
    "rights subordinate": f"{ENTRY} --under {ENTRY[:-1]}8 --preview",
    "rights search": f"--thing MV=1 --certificate {ENTRY}",
    "rights certificate": ENTRY,
    "rights transfer": f"{ENTRY} --from a --to b",
    "rights renew": f"{ENTRY} --until 2091-01-01T00:00:00Z",
    "rights release": ENTRY,
    "rights reserve": f"--id {HELD[0]} {CLAIM} --keep-until 2090-01-01T00:00:00Z",
    "rights finance": HELD[0],
    "rights cancel": HELD[1],
    "rights verify": "",
    "consent grant": f"--id {GRANTED} {CONSENT}",
    "consent show": GRANTED,
    "consent list": "",
    "consent check": f"{GRANTED} {USE}",
    "consent read": f"{GRANTED} {USE}",
    "consent uses": GRANTED,
    "consent pause": GRANTED,
    "consent resume": GRANTED,
    "consent revoke": GRANTED,
    "party add": "firm Mill --key tin:1",
    "party import": "parties.csv",
    "party show": "tin:1",
    "party find": "mill",
    "party liable": "tin:1 --on 2026-01-01",
    "party tie": "nin:2 guarantor-of tin:1 --on 2026-01-01",
    "institution chart": "--currency EUR",
    "loan book": f"--terms terms.json --currency EUR --borrower {ENTRY} --on 2026-02-01",
    "loan disburse": f"2 600 {DAY}",
    "loan repay": f"2 10 {DAY}",
    "loan charge": f"2 5 {DAY}",
    "loan waive": f"2 3 {DAY}",
    "loan undo": f"2 2 {DAY}",
    "loan rate": f"2 9 {DAY}",
    "loan pause": f"2 --until 2026-02-10 {DAY}",
    "loan restructure": f"2 --extend 1 {DAY}",
    "loan re-age": f"2 --first-due 2026-04-01 --instalments 3 {DAY}",
    "loan payoff": f"2 {DAY}",
    "loan record": f"events.csv {DAY}",
    "loan refund": f"2 1 {DAY}",
    "loan list": "--on 2026-02-01",
    "loan show": "2 --on 2026-02-01",
    "loan statement": "2 --on 2026-02-01",
    "loan events": "2",
    "loan write-off": f"2 {DAY}",
    "loan recover": f"2 5 {DAY}",
    "loan sell": f"2 5 {DAY}",
    "export ledger": "--format csv --output book.csv",
    "facts open": "",
    "facts add": "facts.jsonl",
    "facts show": "0",
    "facts list": "",
    "facts prove": "0",
    "facts verify": "",
    "facts erase": "2 --ground law --asked-by her",
    "facts export": "log",
    "import invoices": "invoices.csv --mapping plain",
    "import ubl": "invoice.xml",
    "import epcis": "event.json",
    "import loans": "loan-book.csv --map loan-map.toml",
    "facts witness open": "w.example/w",
    "facts witness watch": PETER,
    "facts witness list": "",
    "facts witness forks": "",
    "score portraits": "--as-of 2026-12-31",
    "score behind": "id:100 headcount --as-of 2026-12-31",
    "application submit": f"--id {ENTRY} {ASKED}",
    "application assess": f"{ENTRY} {ON}",
    "application vote": f"{ENTRY} --for --by bob --reason known {ON}",
    "application decide": f"{ENTRY} --by bob {ON}",
    "application offer": f"{ENTRY} {ON}",
    "application pledge": f"{ENTRY} --kind vehicle --value 900 --thing MV=7 {ON}",
    "application accept": f"{ENTRY} {ON}",
    "application book": f"{ENTRY} {ON}",
    "application withdraw": f"{HELD[0]} {ON}",
    "application show": ENTRY,
    "application list": "",
    "application verify": "",
    "backup": "book.dump",
    "restore": "book.dump --replace",
    "quote": "--principal 6000 --currency EUR --rate 9.5 --term 12",
    "cashflow events": "cases.json",
    "cashflow schedule": "schedules.json",
    "product catalogue": "",
    "product check": "small.toml",
    "product preview": "small.toml --amount 1000",
    "product backtest": "small.toml product-past.csv",
    "product publish": "small.toml",
    "product list": "",
    "product show": "small",
    "rights rank": "claims.json",
    "rights borrowing-base": "base.toml",
    "price plan": "firms.csv --terms plan.toml --curve curve.csv",
    "price rate": "firms.csv --terms plan.toml --curve curve.csv",
    "price policy check": "policy.toml --currency EUR",
    "price policy simulate": "policy.toml past.csv --in-force policy.toml --terms plan.toml",
    "trust assess": "trades.json",
    "trust revisits": "trades.json",
    "risk loss": "portfolio.csv",
    "risk stress": "portfolio.csv shocks.toml",
    "risk ecl": "receivables.csv --as-of 2026-06-30",
    "risk amplification": "portfolio.csv portfolio.csv",
    "score recipe": "loans.csv",
    "score fit": "loans.csv --recipe recipe.toml --out score.json",
    "score card": "score.json",
    "score apply": "loans.csv --model score.json",
    "score explain": "loans.csv --model score.json --id L1",
    "score audit": "loans.csv --model score.json",
    "loan rescore": "--model score.json --preview",
    "report watch": "",
    "webhook add": "http://127.0.0.1:9/events --loopback",
    "webhook list": "",
    "webhook test": "1",
    "webhook pause": "1",
    "webhook resume": "1",
    "webhook rotate": "1",
    "webhook deliveries": "1",
    "webhook remove": "1",
    "event list": "",
    "job list": "",
    "job show": "JOB",
    "job cancel": "JOB",
    "job retry": "JOB",
    "down": "",
}
# One hands over to PostgreSQL's own shell, which prints what it is asked to; a witness that serves
# and one that is asked need each other (test_cli_facts). A demonstration is long (test_cli_demo),
# a server stays (test_serve), and only a sender makes what can be sent again.
WITHOUT_DOCUMENT = {
    "psql", "facts witness serve", "facts witness ask", "demo", "serve", "webhook replay",
}  # fmt: skip
# These run in processes of their own, as people run all; the others in that of the tests.
APART = {"up", "doctor", "post", "loan show", "rights verify", "score fit", "backup", "restore"}
# The server of the tests does without fsync, which the doctor finds.
CODES = {"doctor": 6}

ALL = {" ".join(path[1:]): command for path, command in SCRIPT["commands"]()}


@pytest.mark.parametrize("name", ALL)
def test_command__helps(name: str):
    done = CliRunner().invoke(cli, [*name.split(), "--help"])
    assert done.exit_code == 0
    assert "--json" in done.output
    assert "--institution" in done.output


def test_calls__are_of_every_command():
    assert set(CALLS) | WITHOUT_DOCUMENT == set(ALL)


def test_command__answers_in_json(karez: Karez, database: Database):
    with open_books(database, "main") as books:
        lender(books).lend()
        with books.transaction() as connection:
            job = jobs.enqueue(connection, "nothing", {}, actor="ann")
    karez.write(
        "bank.sta", ":20:X", ":25:NL1", ":28C:1/1", ":60F:C260101EUR0,", ":61:260101C10,NTRFA//1",
        ":61:260101C5,NTRFB//2", ":62F:C260101EUR15,", "-",
    )  # fmt: skip
    karez.write("answer.xml", REPORT.format(whole="ACCP", one="ACCP"))
    karez.write(
        "first.csv",
        "id,valid_on,debit,credit,amount,phase",
        f"{ENTRY},2026-01-05,1,2,1.00,",
        *(f"{entry},2026-01-05,1,2,1.00,pending" for entry in HELD),
    )
    karez.write("terms.json", json.dumps(CASE))
    karez.write("events.csv", "loan,event,on,amount", "2,payment,2026-02-01,1000")
    karez.write("claims.csv", "kind,holder,business,things", "pledge,bank-a,Hill Farm,MV=77")
    karez.write(
        "cases.json", '{"loan": {"terms": {"contractType": "CSH", "statusDate": "2026-01-01"}}}'
    )
    karez.write("schedules.json", "[]")
    karez.write("claims.json", "[]")
    karez.write("base.toml", "steps = []\ndebtors = []\nrates = { receivables = 0.85 }\n")
    for file, text in PRICE.items():
        karez.write(file, text)
    karez.write("small.toml", SMALLEST)
    karez.write("loan-map.toml", LOAN_MAP)
    karez.write("loan-book.csv", "no,day,sum,n,how", "1,2026-01-05,10,2,ok")
    karez.write("product-past.csv", "application,amount", "A1,1000")
    karez.write("trades.json", '{"parties": [], "advances": []}')
    karez.write("portfolio.csv", "id,exposure,pd,lgd", "mill,1000.00,0.04,0.45")
    karez.write("shocks.toml", "[[shocks]]", 'name = "drought"', "severity_sd = 2.0")
    karez.write(
        "receivables.csv",
        "id,principal,rate_pct_year,begins,first_due,matures,pd,lgd",
        "mill,1000.00,9,2026-01-15,2026-02-15,2027-01-15,0.04,0.45",
    )
    karez.write("facts.jsonl", json.dumps(VISIT))
    loans = (f"L{row},{row % 3 // 2},{'east' if row % 2 else 'west'}" for row in range(30))
    karez.write("loans.csv", "loan,failed,town", *loans)
    karez.write(
        "recipe.toml",
        'loans = { id = "loan", outcome = "failed" }',
        'features = [{ name = "town", kind = "factor" }]',
    )
    karez.write("invoices.csv", HEADER, GOOD)
    karez.write("parties.csv", "kind,name,keys", "person,Ann,nin:2")
    karez.write("invoice.xml", invoice())
    karez.write("event.json", json.dumps(EVENT))
    karez("institution", "chart", "--currency", "EUR")
    karez("account", "open", "2", "--type", "liability", "--currency", "EUR")
    karez("rights", "register", "--id", f"{ENTRY[:-1]}8", *CLAIM.split())
    pledged = SMALLEST.replace('"small"', '"pledged"') + PLEDGED
    karez("product", "publish", karez.write("pledged.toml", pledged))
    karez("party", "add", "firm", "Mill", "--key", "tin:1")
    karez("consent", "grant", *READABLE.split())
    karez("application", "submit", "--id", HELD[0], *ASKED.split())
    karez("rights", "reserve", "--id", HELD[1], *CLAIM.split(), *UNTIL)
    for name, arguments in CALLS.items():
        run = karez.process if name in APART else karez.run
        done = run(*name.split(), *arguments.replace("JOB", str(job)).split(), "--json")
        assert done.returncode == CODES.get(name, 0), (name, done)
        assert isinstance(json.loads(done.stdout), dict), name
        assert done.stderr == "", name


def test_page__is_as_the_commands_are():
    written = SCRIPT["PAGE"].read_text()
    assert written == SCRIPT["page"](), "run: python scripts/commands_page.py --write"
