"""`ronda policy test`: checks policy against a table of allowed and forbidden cases.

`cases.toml`, one table a case; every word is of the schema (`ronda policy schema`):

    [[case]]
    name = "a patrol stops a car"
    institution = "pnc"
    roles = ["patrol"]
    purpose = "TRAFFIC_STOP"
    allowed = ["Check"]                                  # methods
    forbidden = ["Clear"]
    shown = ["WARRANT/OPEN"]                             # section/sensitivity
    hidden = ["COMPLAINT/OPEN"]
    needs_case_number = false
    allowance = "patrol"
    delegates = ["spiffe://pnc.gob.gt/gateway/sms"]      # gateways that may ask so on such an officer's behalf
    refused_gateways = ["spiffe://pnc.gob.gt/gateway/other"]
    hears = ["spiffe://pnc.gob.gt/gateway/sms"]          # gateways that may call ListAwaited
    deaf_gateways = ["spiffe://pnc.gob.gt/gateway/other"]
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.documents import toml_of
from core.files.regular_file import read_file
from server.settings import SettingsError, file_fault
from server.trust.policy import Decision, Policy, Principal
from server.trust.policy_model import METHOD_BITS, PURPOSES, SECTIONS, SENSITIVITIES, TOOL_ACTIONS


class Case(BaseModel):
    """One row: a caller, a purpose, and what must hold. Lists that are left out say nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    institution: str
    roles: list[str]
    purpose: str
    unit: str = "unit"
    off_unit: bool = False
    delegated: bool = False
    allowed: list[str] = Field([])
    forbidden: list[str] = Field([])
    shown: list[str] = Field([])
    hidden: list[str] = Field([])
    needs_case_number: bool | None = None
    allowance: str | None = None
    delegates: list[str] = Field([])
    refused_gateways: list[str] = Field([])
    hears: list[str] = Field([])
    deaf_gateways: list[str] = Field([])

    @field_validator("purpose")
    @classmethod
    def _purpose_is_known(cls, name: str) -> str:
        if name not in PURPOSES:
            raise ValueError(f"no such purpose: {name}")
        return name

    @field_validator("allowed", "forbidden")
    @classmethod
    def _methods_are_known(cls, names: list[str]) -> list[str]:
        for name in names:
            if name not in METHOD_BITS and name not in TOOL_ACTIONS:
                raise ValueError(f"no such method: {name}")
        return names

    @field_validator("shown", "hidden")
    @classmethod
    def _records_are_known(cls, names: list[str]) -> list[str]:
        for name in names:
            section, _, sensitivity = name.partition("/")
            if section not in SECTIONS or sensitivity not in SENSITIVITIES:
                raise ValueError(f"no such section/sensitivity: {name}")
        return names


def read_cases(path: Path) -> list[Case]:
    """The rows of the file. Raises SettingsError with the file and the rule."""
    try:
        tables = toml_of(read_file(path)).get("case")
        if not isinstance(tables, list) or not tables:
            raise SettingsError(f"{path}: holds no [[case]]")
        return [Case.model_validate(table) for table in tables]
    except ValidationError as error:
        issue = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(f"{path}: {'.'.join(map(str, issue['loc']))}: {issue['msg']}") from None
    except (OSError, ValueError) as error:
        raise file_fault(path, error) from None


def broken_rules(policy: Policy, case: Case) -> list[str]:
    """Returns the differences between policy and the row; empty = it holds."""
    principal = Principal(case.institution, tuple(sorted(case.roles)), case.unit, case.off_unit, case.delegated)
    purpose = PURPOSES[case.purpose]
    decision = policy.decide(principal, purpose)
    broken = [f"{name} is forbidden" for name in case.allowed if not _allows(policy, principal, purpose, name)]
    broken += [f"{name} is allowed" for name in case.forbidden if _allows(policy, principal, purpose, name)]
    broken += [f"{record} is hidden" for record in case.shown if not _shows(decision, record)]
    broken += [f"{record} is shown" for record in case.hidden if _shows(decision, record)]
    if case.needs_case_number is not None and (decision is None or decision.needs_case != case.needs_case_number):
        broken.append(f"a case number is {'not ' if case.needs_case_number else ''}needed")
    spent = decision.allowance_name if decision is not None else "none"
    if case.allowance is not None and case.allowance != spent:
        broken.append(f"the allowance is {spent}")
    broken += [f"{name} may not ask so" for name in case.delegates if not _delegates(policy, principal, purpose, name)]
    broken += [f"{name} may ask so" for name in case.refused_gateways if _delegates(policy, principal, purpose, name)]
    for name in (*case.hears, *case.deaf_gateways):
        if bool(policy.hears((name, case.institution), purpose)) != (name in case.hears):
            broken.append(f"{name} {'does not hear' if name in case.hears else 'hears'} for whom a recall waits")
    return broken


def _delegates(policy: Policy, principal: Principal, purpose: int, gateway: str) -> bool:
    # The gateway's institution decides nothing unless policy says so; a name's trust domain tells it to the reader.
    asked = replace(principal, off_unit=False, delegated=True, gateway=(gateway, principal.institution))
    return policy.delegates(asked, purpose)


def _allows(policy: Policy, principal: Principal, purpose: int, name: str) -> bool:
    if name in TOOL_ACTIONS:
        return policy.allows(principal, name, purpose)
    decision = policy.decide(principal, purpose)
    return decision is not None and bool(decision.methods >> METHOD_BITS[name] & 1)


def _shows(decision: Decision | None, record: str) -> bool:
    section, _, sensitivity = record.partition("/")
    return decision is not None and decision.shows(section, sensitivity)
