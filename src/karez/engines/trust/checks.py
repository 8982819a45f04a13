"""The checks: what each asks, the fraud that would have met it, and what it does not prove.

``docs/reference/trust-checks.md`` is made of this.
"""

from __future__ import annotations

from karez.engines.trust.verdict import Check, Verdict

CONTENT = Check(
    check_id="content",
    version=1,
    asks="Is the invoice, octet for octet, one that an advance still runs on?",
    verdicts=(Verdict.REJECT,),
    beats="An invoice that is taken to two lenders as it is.",
    leaves_open="One character changed makes another document.",
    tables=("documents",),
)
THREE_WAY = Check(
    check_id="three-way",
    version=1,
    asks="What of the invoice do order, despatch and receipt bear out, by quantity and price?",
    verdicts=(Verdict.REVIEW, Verdict.HOLD),
    beats="An invoice for goods that nobody ordered, sent or received; a price above the order's.",
    leaves_open="Papers that agree may all be from one hand.",
    tables=("documents",),
)
HANDOVER = Check(
    check_id="handover",
    version=1,
    asks="Are the days in order, the place one, the keys two, the buyer's own, and was it carried?",
    verdicts=(Verdict.REVIEW, Verdict.HOLD),
    beats="Camsing, 2015 to 2019: the buyer's seal came from a contact whom the seller had named.",
    leaves_open="An employee of the buyer who signs for what did not come.",
    tables=("documents",),
)
FINGERPRINT = Check(
    check_id="fingerprint",
    version=1,
    asks="Is the invoice one that is financed already, perhaps renumbered, re-dated or edited?",
    verdicts=(Verdict.REVIEW, Verdict.HOLD, Verdict.REJECT),
    beats="One invoice financed by two lenders, with its number or its date changed.",
    leaves_open="A lender outside the register; an invoice with other parties, lines and total.",
    tables=("documents",),
)
TAX_ID = Check(
    check_id="tax-id",
    version=1,
    asks="Had the tax office seller and buyer as active on the day of the invoice?",
    verdicts=(Verdict.HOLD,),
    beats="Invoices in the name of a firm that was struck off, or that was not there yet.",
    leaves_open="An active firm that does no business; a party that the register does not name.",
    tables=("documents", "registrations"),
)
EVIDENCE_ONCE = Check(
    check_id="evidence-once",
    version=1,
    asks="Does a despatch or a receipt serve two advances?",
    verdicts=(Verdict.HOLD,),
    beats="Two invoices that are written for one delivery.",
    leaves_open="A receipt that was forged for the second one.",
    tables=("documents",),
)
INDEPENDENT = Check(
    check_id="independent",
    version=1,
    asks="Are seller, buyer and carrier in different hands?",
    verdicts=(Verdict.HOLD,),
    beats="Bills of 391 million yuan on goods that seven related firms sold to each other.",
    leaves_open="A tie that nobody recorded.",
    tables=("documents",),
)
RING = Check(
    check_id="ring",
    version=1,
    asks="Do the goods, or like amounts, come back to the seller through few firms in few days?",
    verdicts=(Verdict.REVIEW, Verdict.HOLD),
    beats="Circular trade that fakes turnover.",
    leaves_open="A ring that is longer, slower or uneven in its amounts.",
    tables=("documents",),
)
STOCK = Check(
    check_id="stock",
    version=1,
    asks="Did the store hold what its live receipts say, at every event, and within its capacity?",
    verdicts=(Verdict.HOLD,),
    beats="Qingdao, 2014: receipts for 300,000 tonnes of aluminium against about 100,000.",
    leaves_open="Worse goods, or another's; a count by somebody whom the borrower pays.",
    tables=("holdings",),
)
VISIT = Check(
    check_id="visit",
    version=2,
    asks="Could the officer have been there then: place, speed, overlap, stay, device, photos?",
    verdicts=(Verdict.REVIEW, Verdict.HOLD),
    beats="A visit written at the desk.",
    leaves_open="An officer who goes there and writes what is not so. Visit again, at random.",
    tables=("visits",),
)
PHOTO = Check(
    check_id="photo",
    version=1,
    asks="Was the photo shown for another advance before, perhaps cut or mirrored?",
    verdicts=(Verdict.HOLD,),
    beats="One shop's picture for ten borrowers.",
    leaves_open="A fresh picture of somebody else's shop.",
    tables=("photos",),
)
IDENTITY = Check(
    check_id="identity",
    version=1,
    asks="Does the borrower share a phone, a device or an account with staff or with many others?",
    verdicts=(Verdict.REVIEW, Verdict.HOLD),
    beats="SKS, 2010 to 2011: 205 loans to borrowers who did not exist, 60 % of what fraud took.",
    leaves_open="A ghost with a telephone of its own.",
    tables=("borrowings",),
)
OFFICER = Check(
    check_id="officer",
    version=2,
    asks="Which traits make an officer's advances unlike those of the whole branch?",
    verdicts=(Verdict.REVIEW,),
    beats="Loans made by staff for themselves: one wallet, copied forms, unpaid once they left.",
    leaves_open="A branch in which everybody does it; an officer with few loans.",
    tables=("borrowings", "visits", "arrears"),
)
SALES = Check(
    check_id="sales",
    version=1,
    asks="Do electricity, freight and money that came in bear out the sales?",
    verdicts=(Verdict.REVIEW,),
    beats="Turnover that is invented for a larger loan.",
    leaves_open="Sales that are inflated within the band, which is wide where there are few firms.",
    tables=("series",),
)
DIGITS = Check(
    check_id="digits",
    version=1,
    asks="Do the first digits of a seller's totals follow Benford's law?",
    verdicts=(),
    beats="Figures that somebody made up.",
    leaves_open="It proves nothing: a hint, which only orders advances that are doubted anyway.",
    tables=("documents",),
)
CORROBORATED = Check(
    check_id="corroborated",
    version=1,
    asks="Do at least two sources of different control groups bear it out?",
    verdicts=(Verdict.HOLD,),
    beats="Hin Leong, 2020: sales that the buyers said they had no record of.",
    leaves_open="Two sources that conspire, and share nothing that is on record.",
    tables=("claims",),
)
TRUTH = Check(
    check_id="truth",
    version=1,
    asks="Where sources disagree, whom do their records say to believe, once copies count as one?",
    verdicts=(Verdict.REVIEW, Verdict.HOLD),
    beats="Many papers from one hand that outvote the one that is true.",
    leaves_open="A lie that all sources tell.",
    tables=("claims",),
)

CHECKS = (
    CONTENT, THREE_WAY, HANDOVER, FINGERPRINT, TAX_ID, EVIDENCE_ONCE, INDEPENDENT, RING, STOCK,
    VISIT, PHOTO, IDENTITY, OFFICER, SALES, DIGITS, CORROBORATED, TRUTH,
)  # fmt: skip
"""Every check, in the order in which they are made and shown."""
