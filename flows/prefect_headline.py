"""The headline of a run as an artifact of its Prefect flow run, on a server that outlives the run.

The verdict is known only when the flow is over: a run is recorded, compared and judged after its last step.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import bounded
from pipeline.record import RunRecord

from .summary import headline_markdown


def show_headline(record: RunRecord) -> Iterator[str]:
    """Add the artifact `PIPELINE-headline` to the run's flow run; gives a line for what went wrong, and raises nothing."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import ArtifactCreate
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
    from prefect.client.schemas.sorting import FlowRunSort

    try:
        named = FlowRunFilter(name=FlowRunFilterName(any_=[f"{record.pipeline} {record.run_id}"]))
        with get_client(sync_client=True) as client:
            found = client.read_flow_runs(flow_run_filter=named, sort=FlowRunSort.START_TIME_DESC, limit=1)
            client.create_artifact(
                ArtifactCreate(
                    key=f"{record.pipeline.replace('_', '-')}-headline",
                    type="markdown",
                    description="how the run came out",
                    data=headline_markdown(record),
                    flow_run_id=found[0].id if found else None,
                )
            )
    except Exception as error:  # noqa: BLE001  # the run is done and recorded, whatever its server says now
        said = bounded(f"{type(error).__name__}: {error}", 300)
        yield f"the headline of run {record.run_id} did not reach the Prefect server: {said}"
