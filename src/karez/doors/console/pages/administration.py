"""Staff and machines, their roles, how they get in; and what was done by whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from karez.doors.console.language import later
from karez.doors.console.listing import Listing
from karez.doors.console.render import see_other
from karez.doors.console.visit import Page, Visit, faults_of
from karez.kernel.errors import KarezError
from karez.services.access.errors import AccountUnknownError

_ACTS = {
    "give-role": later("The role waits until a second person approves it."),
    "take-role": later("The role was taken."),
    "end": later("The account has ended."),
}


def staff(visit: Visit) -> Response:
    """List accounts, and add one."""
    form = visit.form(name="", full_name="", kind="person")
    if visit.posts:
        try:
            values: dict[str, Any] = {name: form.value(name) for name in form.values}
            visit.perform("staff.add", **values)
            return see_other(visit.request, f"/administration/{form.value('name')}")
        except KarezError as error:
            form = form.refused(faults_of(error))
    found = visit.ask("staff.list")
    status = 422 if form.faults else 200
    return visit.render("administration/staff.html", found=found, form=form, status=status)


def account(visit: Visit) -> Response:
    """Show an account; give and take its roles, let it in by a link or a key, end it."""
    name = visit.request.path_params["account"]
    form = visit.form(role="", reason="")
    secret = ""
    if visit.posts:
        verb = visit.sent.get("verb", "")
        try:
            if verb in {"invite", "make-key"}:
                _, made = visit.perform(f"staff.{verb}", account=name)
                secret = made["text"]
            elif verb in _ACTS:
                role: dict[str, Any] = {"role": form.value("role")} if verb.endswith("role") else {}
                visit.perform(f"staff.{verb}", account=name, reason=form.value("reason"), **role)
                said = visit.text(_ACTS[verb])
                return see_other(visit.request, f"/administration/{name}", toast=said)
        except KarezError as error:
            form = form.refused(faults_of(error))
    found = visit.ask("staff.list")
    member = next((one for one in found.accounts if one.name == name), None)
    if member is None:
        raise AccountUnknownError(name=name)
    base = str(visit.request.base_url).rstrip("/")
    link = f"{base}/welcome?link={secret}" if member.kind.value == "person" else secret
    return visit.render(
        "administration/account.html",
        member=member,
        roles=found.roles,
        form=form,
        secret=link if secret else "",
        status=422 if form.faults else 200,
    )


def audit(visit: Visit) -> Response:
    """Read what was done, newest first."""
    listing = Listing.of(visit.request, sort="audit_number")
    found = visit.ask(
        "audit.list",
        target=listing.value("target"),
        actor=listing.value("actor"),
        operation=listing.value("operation"),
        cursor=listing.value("after"),
    )
    return visit.render("administration/audit.html", listing=listing, found=found, after=found.next)


PAGES: Mapping[str, Page] = {
    "/administration": staff,
    "/audit": audit,
    "/administration/{account}": account,
}
