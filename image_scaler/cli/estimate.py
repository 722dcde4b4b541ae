"""``image-scaler estimate``: the cost of a stage, from its traffic."""

from typing import Annotated

import typer

from image_scaler.cli.app import AsJson, CommandError
from image_scaler.cli.output import write_result
from image_scaler.costs.model import EstimateError, Traffic, estimate
from image_scaler.costs.prices import REGIONS, VIEWER_AREAS
from image_scaler.costs.tables import as_text


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("estimate")(estimate_costs)


def estimate_costs(
    uploads: Annotated[int, typer.Option(help="Pictures uploaded in the first month.")],
    megabytes: Annotated[float, typer.Option(help="Mean size of an original, in MB.")] = 3.0,
    views: Annotated[int, typer.Option(help="Views in a month.")] = 0,
    variants: Annotated[float, typer.Option(help="Different variants of a picture that are viewed.")] = 5.0,
    kilobytes: Annotated[float, typer.Option(help="Mean size of a view, in KB.")] = 50.0,
    flagged: Annotated[float, typer.Option(help="Share of uploads that are blurred.")] = 0.02,
    animated: Annotated[float, typer.Option(help="Share of uploads that are animations.")] = 0.02,
    hit_rate: Annotated[float, typer.Option(help="Share of views that the edge has in its cache.")] = 0.9,
    refined: Annotated[float, typer.Option(help="Share of variants that are refined; 0 with refine=off.")] = 0.8,
    region: Annotated[str, typer.Option(help=f"The stage's region: {', '.join(REGIONS)}.")] = REGIONS[0],
    viewers: Annotated[str, typer.Option(help=f"Where viewers are: {', '.join(VIEWER_AREAS)}.")] = "north-america",
    as_json: AsJson = False,
) -> None:
    """Estimate what a stage costs in the first and in a later month, in US dollars (docs/costs.md)."""
    try:
        traffic = Traffic(
            uploads=uploads,
            megabytes=megabytes,
            views=views,
            variants=variants,
            kilobytes=kilobytes,
            flagged=flagged,
            animated=animated,
            hit_rate=hit_rate,
            refined=refined,
            region=region,
            viewers=viewers,
        )
    except EstimateError as error:
        raise CommandError(str(error)) from error
    result = estimate(traffic)
    write_result(result.document(), as_text(result), as_json=as_json)
