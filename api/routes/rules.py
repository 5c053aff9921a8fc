"""The rules for programs: how they stand and have done, what they would have said, and what people decide."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.context import AppContext, Context
from api.entries import REFUSALS, told_as_problem
from api.language import Language
from api.problems import Problem
from api.registry import read
from api.rule_answers import BacktestAnswer, ModeWanted, RuleAnswer, backtest_answer, rule_answer
from api.rules import Standing, count, decide, told_rule
from plagewatch.tickets.modes import RuleWords

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])
ADVICE = "GET /api/v1/rules lists the rules."
NOT_NUMBERS = ("building", "lang")
UNAVAILABLE: dict[int | str, dict[str, Any]] = {**REFUSALS, 503: REFUSALS[404]}


@router.get("", summary="All rules: how each stands, its numbers, and how it has done")
def rules(context: Context, language: Language) -> list[RuleAnswer]:
    """In the order in which they judge. Texts are in the language of `?lang=`, else of `Accept-Language`."""
    standing = Standing.read(context)
    return [rule_answer(context, standing, told) for told in context.rules(language)]


@router.get("/{rule_id}", summary="One rule", responses={404: REFUSALS[404]})
def rule(context: Context, language: Language, rule_id: str) -> RuleAnswer:
    """The same of one rule."""
    return _answer(context, told_rule(context, rule_id, language, ADVICE))


@router.post("/{rule_id}/mode", summary="A person decides how a rule stands", responses=REFUSALS)
def mode(context: Context, language: Language, rule_id: str, wanted: ModeWanted) -> RuleAnswer:
    """From now on. `shadow` counts and tells nobody; `off` ends what it opened and nobody took up.

    Without `numbers` they stay as they are; with them, those that are not given are the catalogue's.
    """
    told = told_rule(context, rule_id, language, ADVICE)
    with told_as_problem():
        decide(context, told, wanted.mode, (wanted.who, wanted.note), wanted.numbers)
    return _answer(context, told)


@router.get(
    "/{rule_id}/backtest", summary="What a rule would have said of a building in 12 months", responses=UNAVAILABLE
)
def backtest(
    request: Request,
    context: Context,
    language: Language,
    rule_id: str,
    building: Annotated[str, Query(max_length=200, description="Id of a building", examples=["wzc-linde"])],
) -> BacktestAnswer:
    """The live rule over the stored past; nothing is written.

    Any number of the rule may be given as a further parameter by its name, as in `&nights=4`; those that are not given
    are as they stand.
    """
    told = told_rule(context, rule_id, language, ADVICE)
    registry = read(context.engine, context.now_s())
    if building not in registry.buildings:
        raise Problem(
            422, f"There is no building `{building[:80]}`.", "query: building", "GET /api/v1/sites lists them."
        )
    standing = Standing.read(context)
    numbers = {**standing.numbers(told), **_asked(request)}
    with told_as_problem("query"):
        return backtest_answer(told, count(context, registry, told, registry.buildings[building], numbers))


def _asked(request: Request) -> dict[str, float]:
    asked = {}
    for name, text in request.query_params.items():
        if name in NOT_NUMBERS:
            continue
        try:
            asked[name] = float(text)
        except ValueError:
            advice = "Write it as 2.5."
            raise Problem(422, f"`{text[:40]}` is no number.", f"query: {name[:80]}", advice) from None
    return asked


def _answer(context: AppContext, told: RuleWords) -> RuleAnswer:
    return rule_answer(context, Standing.read(context), told)
