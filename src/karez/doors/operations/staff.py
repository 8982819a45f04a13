"""Operations on access: staff, machines, roles, and the keys that let machines in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from karez.doors.operations.operation import AnyOperation, Call, Control, Operation, Retry
from karez.doors.operations.shapes import Input, Name, Output, Text, shape
from karez.services import access
from karez.services.access import Account, ActorKind, Membership, PassKind
from karez.services.access.errors import (
    AccountNameError,
    AccountTakenError,
    AccountUnknownError,
    RoleUnknownError,
)

LimitMinor = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]


class RoleHeld(Output, kw_only=True):
    """A role that an account has, and up to which amount."""

    role: str
    amount_most_minor: int | None
    outlets: list[str] | None


class StaffMember(Output, kw_only=True):
    """A person of the staff, or a machine."""

    name: str
    full_name: str
    kind: ActorKind
    outlet: str | None
    has_password: bool
    has_totp: bool
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    roles: list[RoleHeld]


class Staff(Output, kw_only=True):
    """All accounts, by name, and the roles that there are, in words."""

    accounts: list[StaffMember]
    roles: dict[str, str]


class NewAccount(Input, kw_only=True):
    """An account to add."""

    name: Name
    kind: ActorKind = ActorKind.PERSON
    full_name: Text = ""
    outlet: Name | None = None


class OneAccount(Input, kw_only=True):
    """An account, by its name."""

    account: Name
    reason: Text = ""


class GivenRole(OneAccount, kw_only=True):
    """A role to give; without a limit that of the role counts."""

    role: Name
    amount_most_minor: LimitMinor | None = None


class TakenRole(OneAccount, kw_only=True):
    """A role to take."""

    role: Name


class NewKey(OneAccount, kw_only=True):
    """A key for a machine; the label tells it from others."""

    label: Text = ""


class Secret(Output, kw_only=True):
    """What lets somebody in. It is shown now and never again."""

    text: str
    expires_at: datetime | None


def _member(account: Account) -> StaffMember:
    roles = [
        RoleHeld(
            role=one.role,
            amount_most_minor=one.limit_minor,
            outlets=None if one.outlets is None else sorted(one.outlets),
        )
        for one in account.memberships
    ]
    return shape(StaffMember, account, roles=roles)


def _list(call: Call, _: Input) -> Staff:
    return Staff(
        accounts=[_member(one) for one in access.list_accounts(call.office.books)],
        roles={name: role.words for name, role in access.roles().items()},
    )


def _add(call: Call, asked: NewAccount) -> StaffMember:
    made = access.add_account(
        call.office.books, asked.name, kind=asked.kind, full_name=asked.full_name,
        outlet=asked.outlet, by=call.actor.name,
    )  # fmt: skip
    return _member(made)


def _give(call: Call, asked: GivenRole) -> StaffMember:
    held = Membership(asked.role, asked.amount_most_minor)
    return _member(access.give_role(call.office.books, asked.account, held, by=call.actor.name))


def _take(call: Call, asked: TakenRole) -> StaffMember:
    return _member(access.take_role(call.office.books, asked.account, asked.role))


def _end(call: Call, asked: OneAccount) -> StaffMember:
    return _member(access.end_account(call.office.books, asked.account))


def _look(call: Call, asked: OneAccount) -> StaffMember:
    return _member(access.find_account(call.office.books, asked.account))


def _invite(call: Call, asked: OneAccount) -> Secret:
    account = access.find_account(call.office.books, asked.account)
    access.end_passes(call.office.books, account.account_id, [PassKind.LINK])
    return shape(Secret, access.make_pass(call.office.books, account.account_id, PassKind.LINK))


def _make_key(call: Call, asked: NewKey) -> Secret:
    account = access.find_account(call.office.books, asked.account)
    made = access.make_pass(call.office.books, account.account_id, PassKind.KEY, label=asked.label)
    return shape(Secret, made)


def _account_of(asked: OneAccount) -> str:
    return f"account:{asked.account}"


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="staff.list",
        summary="List the staff and machines, and the roles that there are.",
        method="GET",
        path="/v1/staff",
        input=Input,
        output=Staff,
        run=_list,
        permission="access.read",
        retry=Retry.READ,
    ),
    Operation(
        name="staff.add",
        summary="Add a person of the staff, or a machine.",
        method="POST",
        path="/v1/staff",
        input=NewAccount,
        output=StaffMember,
        run=_add,
        permission="access.manage",
        retry=Retry.NATURAL,
        errors=(AccountNameError, AccountTakenError),
        target_of=lambda asked: f"account:{asked.name}",
    ),
    Operation(
        name="staff.give-role",
        summary="Give a role to an account.",
        method="POST",
        path="/v1/staff/{account}/give-role",
        input=GivenRole,
        output=StaffMember,
        run=_give,
        permission="access.manage",
        retry=Retry.NATURAL,
        control=Control.ALWAYS,
        errors=(AccountUnknownError, RoleUnknownError),
        target_of=_account_of,
        look=_look,
    ),
    Operation(
        name="staff.take-role",
        summary="Take a role from an account.",
        method="POST",
        path="/v1/staff/{account}/take-role",
        input=TakenRole,
        output=StaffMember,
        run=_take,
        permission="access.manage",
        retry=Retry.NATURAL,
        errors=(AccountUnknownError, RoleUnknownError),
        target_of=_account_of,
        look=_look,
    ),
    Operation(
        name="staff.end",
        summary="End an account: nobody enters by it any more.",
        method="POST",
        path="/v1/staff/{account}/end",
        input=OneAccount,
        output=StaffMember,
        run=_end,
        permission="access.manage",
        retry=Retry.NATURAL,
        errors=(AccountUnknownError,),
        target_of=_account_of,
        look=_look,
    ),
    Operation(
        name="staff.invite",
        summary="Make a link by which somebody sets a password, once; an older one ends.",
        method="POST",
        path="/v1/staff/{account}/invite",
        input=OneAccount,
        output=Secret,
        run=_invite,
        permission="access.manage",
        retry=Retry.NATURAL,
        hides=True,
        errors=(AccountUnknownError,),
        target_of=_account_of,
    ),
    Operation(
        name="staff.make-key",
        summary="Make a key by which a machine calls the API.",
        method="POST",
        path="/v1/staff/{account}/make-key",
        input=NewKey,
        output=Secret,
        run=_make_key,
        permission="access.manage",
        retry=Retry.NATURAL,
        hides=True,
        errors=(AccountUnknownError,),
        target_of=_account_of,
    ),
)
