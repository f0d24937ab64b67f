"""The verb that tells a parcel's story."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from shlex import quote
from typing import Any

import click
import msgspec

from syncd import clock, sources
from syncd.cli import completing, exits
from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.opened import Reactions, reactions, store
from syncd.cli.output import cell, printable, to_json
from syncd.model import Dossier
from syncd.model.lateness import Outlook
from syncd.rules import watches
from syncd.rules.explain import explain as told
from syncd.rules.guards import Silence
from syncd.store import Store


@click.command()
@click.argument("number", metavar="TRACKING-NUMBER", shell_complete=completing.tracking_numbers)
@json_option
@pass_invocation
@click.pass_context
def explain(ctx: click.Context, invocation: Invocation, number: str, as_json: bool) -> None:
    """Tell a parcel's story: how far it is, what is expected, who watches, what was found and told.

    Each watch is asked when it would speak by the settings in the config now. Exits with 1 where no
    parcel has this number.
    """
    answers = reactions(invocation)
    with store(invocation) as looking:
        dossiers = looking.store.dossiers.of(number)
        expected = _expected(looking.store, answers, dossiers)
        now = clock.now()
        found = [
            _explained(
                dossier,
                answers,
                expected,
                sources.silence(
                    looking.store, looking.accounts, dossier, looking.stale_source, now
                ),
            )
            for dossier in dossiers
        ]
        parcels = looking.store.dossiers.of_order(number) if not found else None
    guess = {**_recognised(number), "parcels_of_order": parcels} if not found else None
    if as_json:
        click.echo(to_json({"number": number, "parcels": found, "recognised": guess}))
    for dossier, one in zip(dossiers, found, strict=True) if not as_json else ():
        click.echo("\n".join(_page(dossier.tracking_number, one["story"])))
    if guess is not None:
        click.echo("\n".join(_unknown(number, guess)), err=True)
        ctx.exit(exits.FOUND_WRONG)


def _expected(
    opened: Store, answers: Reactions, dossiers: Sequence[Dossier]
) -> Mapping[int, Outlook]:
    """What the lateness model expects of those parcels, by shipment id."""
    ids = [each.parcel.shipment_id for each in dossiers if each.parcel is not None]
    times = opened.lateness.times(ids)
    if not times.placed or not answers.lateness.enabled:
        return {}
    from syncd import forecast  # noqa: PLC0415  brings NumPy where there is a model

    model = forecast.latest(opened)
    return forecast.outlooks(model, answers.lateness, times, clock.now())


def _explained(
    dossier: Dossier,
    answers: Reactions,
    expected: Mapping[int, Outlook],
    silence: Silence | None,
) -> dict[str, Any]:
    parcel, now = dossier.parcel, clock.now()
    outlook = None if parcel is None else expected.get(parcel.shipment_id)
    said = {} if parcel is None else watches.each(parcel, answers.watches, now, outlook)
    return {
        **_builtins(dossier),
        "watches": _builtins(said),
        "held_back_since": silence and silence.since,
        "story": told(dossier, said, answers.switched_off, answers.playbooks, now, silence=silence),
    }


def _builtins(value: object) -> Any:
    """For JSON, with times left to `to_json`."""
    return msgspec.to_builtins(value, builtin_types=(datetime, timedelta))


def _page(number: str, story: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield click.style(f"parcel {cell(number)}", bold=True)
    for title, sentences in story.items():
        if sentences:
            yield click.style(title, bold=True)
            yield from (f"  {cell(sentence)}" for sentence in sentences)
    yield ""


def _recognised(number: str) -> dict[str, Any]:
    """What the recogniser makes of a number that no parcel has."""
    from syncd.rules.recognise import mistyped, recognise  # noqa: PLC0415  its tables take a while

    return {
        "candidates": [
            {"carrier": each.carrier, "name": each.name, "score": each.score, "reason": each.reason}
            for each in recognise(number)
        ],
        "mistyped": list(mistyped(number)),
    }


def _unknown(number: str, guess: Mapping[str, Any]) -> Iterator[str]:
    yield f"no parcel has the number {printable(repr(number))}"
    of_order = guess["parcels_of_order"]
    if of_order is not None:
        numbers = " or ".join(f"`syncd explain {quote(printable(each))}`" for each in of_order)
        yield (
            f"it is an order's id: {numbers} tells of its parcel{'s' if len(of_order) > 1 else ''}"
            if of_order
            else "it is an order's id, and no parcel of it has a number yet: `syncd show` tells of it"
        )
        return
    if guess["candidates"]:
        names = " or ".join(each["name"] for each in guess["candidates"][:2])
        yield (
            f"it can be a number of {names}: either no order that was read names it yet (`syncd "
            "status` tells how far each account is), or it belongs to somebody else's parcel"
        )
    elif guess["mistyped"]:
        names = " or ".join(guess["mistyped"])
        yield f"it looks like a number of {names}, but its check digit is wrong: was it mistyped?"
    else:
        yield "it fits no carrier's format that syncd knows: is it whole, and is it no order's id?"
    yield "`syncd show ORDER` finds the parcels of an order, `syncd board --all` lists those under way"
