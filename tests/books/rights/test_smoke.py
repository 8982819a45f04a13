from datetime import UTC, datetime, timedelta
from karez.books.rights.claim import *
from karez.books.rights.event import *
from karez.books.rights.record import record, record_one
from karez.books.rights.search import *
from karez.books.rights.verify import verify
from karez.books.rights.names import *
from karez.books.rights.serials import *
from karez.kernel.ids import new_id
from karez.kernel.database import transaction

def test_smoke(connection, institution):
    claim = Claim(Kind.PLEDGE, "bank-a", (Debtor(Debt.BUSINESS, "The Brown Automotive Ltd."),), (Thing(Scheme.MOTOR_VEHICLE, "KM8J3CA46JU622994"), Thing(Scheme.EXACT,"abc1")), ends_at=datetime(2030,1,1,tzinfo=UTC), rules="bc-ppsa")
    rid = new_id()
    with transaction(connection, institution.institution_id):
        d = record(connection, [Event(rid, Register(claim)), Event(new_id(), Reserve(claim, datetime(2030,1,1,tzinfo=UTC)))])
        print(d)
        assert d[0].error is None and d[1].error.code == "thing-taken"
    with transaction(connection, institution.institution_id):
        print(search(connection, Debtor(Debt.BUSINESS, "BROWN AUTO MOTIVE INC")))
        s = search(connection, Debtor(Debt.BUSINESS, "BROWN AUTO MTIVE INC"))
        assert s.hits[0].match == "SIMILAR"
        certify(connection, s)
        assert search(connection, Thing(Scheme.MOTOR_VEHICLE, "JU622994")).hits
    with transaction(connection, institution.institution_id):
        v = verify(connection); print(v); assert not v.findings
