"""Commands for the health of evals: health (show), health retire."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from assay.cli.output import FAILED, fail, near, note, print_json, print_table
from assay.cli.progress import shown
from assay.cli.running import AsJson, Dollars, Tokens, Workspace

if TYPE_CHECKING:
    from assay.api import EvalHealth
    from assay.health.accept import Accepted
    from assay.health.propose import Proposals
    from assay.health.result import CellHealth, Figure


class _WithDefault(TyperGroup):
    """``assay health EVAL`` is ``assay health show EVAL``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


health = typer.Typer(
    cls=_WithDefault, help="Whether evals still tell models apart, and what to do about them."
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(health, name="health")


@health.command("show")
def show(
    evals: Annotated[
        list[str] | None, typer.Argument(help="Names of evals, or their folders; all if none.")
    ] = None,
    items: Annotated[
        bool, typer.Option("--items", help="List the items that are worth a look, and why.")
    ] = False,
    checklist: Annotated[
        bool, typer.Option("--checklist", help="Answer the checklist of a good eval.")
    ] = False,
    probe: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Let this model complete halves of its samples first."),
    ] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Draft variants of items into proposals.csv.")
    ] = False,
    accept: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take in a decided sheet of proposals.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Who drafts: provider/model.")
    ] = None,
    n: Annotated[
        int | None, typer.Option("-n", min=1, help="Samples to probe (100), items to draft (20).")
    ] = None,
    max_tokens_spent: Tokens = None,
    max_dollars: Dollars = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Say of each eval whether to keep, refresh, split or retire it. The word show may be left out.

    With --probe, --propose or --accept, do that to one eval.
    """
    from assay import api

    if (probe is not None) + propose + (accept is not None) > 1:
        fail("say one of --probe, --propose and --accept.")
        raise typer.Exit(FAILED)
    if accept is not None:
        _print_accepted(api.accept_samples(_only(evals), accept, workspace=workspace), as_json)
        return
    controls = api.Controls(spending=api.Spending(max_tokens_spent, max_dollars))
    if propose:
        with shown(controls):
            drafts = api.propose_samples(
                _only(evals), model, n=n or 20, workspace=workspace, controls=controls
            )
        _print_proposals(drafts, as_json)
        return
    if probe is not None:
        with shown(controls):
            tried = api.probe_eval(
                _only(evals), probe, n=n or 100, workspace=workspace, controls=controls
            )
        if as_json:
            print_json(tried)
            return
    found = api.eval_health(evals or (), items=items, checklist=checklist, workspace=workspace)
    if as_json:
        print_json(found)
        return
    if not found:
        note("There are no evals here yet. Make one: assay init evals/my-eval")
        return
    _print_cells(found)
    for each in found:
        _print(each)


@health.command("retire")
def retire(
    name: Annotated[str, typer.Argument(help="The eval that is retired.")],
    successor: Annotated[str, typer.Option(help="The eval that takes its place.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Retire an eval for another. A model that was run on both is the bridge between them."""
    from assay import api

    found = api.retire_eval(name, successor=successor, by=by, reason=reason, workspace=workspace)
    if as_json:
        print_json(found)
    else:
        note(f"{found.eval} {found.words}")


def _only(evals: list[str] | None) -> str:
    if evals is None or len(evals) != 1:
        fail("--probe, --propose and --accept need the name of one eval.")
        raise typer.Exit(FAILED)
    return evals[0]


def _print_proposals(found: Proposals, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    print(near(found.file))
    note(
        f"{found.model} drafted {found.drafted} of {found.asked} items ({found.alike} only repeated"
        f" samples, {found.failed} gave nothing; {found.unfit} items cannot be varied so). Decide"
        " on each row: accept, edit or refuse; then take it in with --accept."
    )


def _print_accepted(found: Accepted, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    note(
        f"{found.accepted} accepted, {found.edited} edited, {found.refused} refused."
        f" {found.eval} is version {found.version} now; the decisions are kept in {found.kept}."
    )


def _print_cells(found: list[EvalHealth]) -> None:
    print_table(
        ("eval", "verdict", "scorer", "state", "models", "items", "best", "headroom", "all pass",
         "signal/noise", "alpha", "effective n", "unscored"),
        [
            (
                each.eval,
                each.verdict,
                f"{cell.scorer} {cell.polarity}" if cell.polarity else cell.scorer,
                cell.state,
                cell.models,
                f"{cell.items:,}",
                _figure(cell.best),
                "" if cell.headroom is None else f"{cell.headroom:.1f} SE",
                _figure(cell.all_pass),
                _figure(cell.ratio),
                _figure(cell.reliability),
                "" if cell.effective_n is None else f"{cell.effective_n:,.0f}",
                _figure(cell.unscored),
            )
            for each in found
            for cell in each.cells
        ],
        right=("models", "items", "headroom", "effective n"),
    )  # fmt: skip


def _print(found: EvalHealth) -> None:
    for reason in found.reasons:
        note(f"{found.eval}: {reason}")
    for remark in (*_remarks(found), *found.left_out):
        note(f"  {remark}")
    if found.retired is not None:
        note(f"  {found.eval} was {found.retired.words}.")
    if found.items:
        print_table(("item", "why"), [(i.sample, "; ".join(i.reasons)) for i in found.items])
    if found.checklist:
        print_table(
            ("stage", "question", "answer", "evidence"),
            [(each.stage, each.question, each.answer, each.evidence) for each in found.checklist],
        )
    note(f"{found.eval} {found.version}: {found.verdict}.")


def _remarks(found: EvalHealth) -> list[str]:
    """What the table has no room for."""
    told = []
    for cell in found.cells:
        told += _remarks_of(cell)
    for each in found.disagreements:
        told.append(f"{each.first} and {each.second} differ on {_share(each.share)} of replies.")
    twice = found.duplicates
    if twice is not None:
        across = "".join(f"; {count:,} are in {other} too" for other, count in twice.across.items())
        told.append(
            f"Of {twice.compared:,} samples {twice.exact:,} are the same as another,"
            f" {twice.near:,} nearly the same{across}."
        )
        if twice.compared < twice.samples:
            told.append(f"{twice.samples - twice.compared:,} samples were not compared.")
    signs = found.contamination
    if signs is not None:
        for probe in signs.probes:
            told.append(
                f"{probe.model}, asked to go on, wrote {_share(probe.own)} of second halves,"
                f" {_share(probe.other)} of another's: {_share(probe.excess)} more ({probe.asked}"
                f" asked, {probe.too_short} too short, {probe.failed} failed)."
            )
        for gap in signs.gaps:
            told.append(
                f"{gap.model}: better on public samples than on held-back twins by"
                f" {_figure(gap.difference)} ({gap.scorer}, {gap.difference.n:,} pairs,"
                f" {gap.difference.method})."
            )
    kept = found.upkeep
    if kept is not None:
        told.append(
            f"Labels by people: {kept.labels:,}"
            + (f", the newest of {kept.newest_label}" if kept.newest_label else "")
            + f". Card: review {kept.review or 'not dated'}. Policy: {kept.policy}."
        )
        told += [f"Scorer {name}: {standing}." for name, standing in kept.certificates.items()]
    return told


def _remarks_of(cell: CellHealth) -> list[str]:
    name = f"{cell.scorer} {cell.polarity}" if cell.polarity else cell.scorer
    told = [f"{name}: {gap}." for gap in cell.gaps]
    if cell.incomplete:
        told.append(f"{name}: {cell.incomplete:,} items were not scored on every model.")
    if cell.detectable:
        told.append(
            f"{name}: two models must differ by {cell.detectable:.3f} for it to show (80% power)."
        )
    if cell.discrimination is not None:
        chance = f"of {cell.items:,}, {cell.items * 0.025:.0f} would be by chance alone"
        told.append(
            f"{name}: mean item-rest correlation {cell.discrimination:.2f}; {cell.negative:,} items"
            f" lie clearly below 0 ({chance})."
        )
    if cell.flips is not None:
        told.append(f"{name}: epochs of one sample differ in {_share(cell.flips)} of samples.")
    return told


def _figure(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return ""
    ends = ("?" if end is None else f"{end:.2f}" for end in (figure.low, figure.high))
    return f"{figure.value:.2f} [{', '.join(ends)}]"


def _share(figure: Figure) -> str:
    if figure.value is None:
        return "?"
    ends = ("?" if end is None else f"{end:.1%}" for end in (figure.low, figure.high))
    return f"{figure.value:.1%} [{', '.join(ends)}]"
