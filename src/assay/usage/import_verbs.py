"""The verbs that take usage in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from assay.formats.usage_registry import check_format, check_mapping
from assay.records import ImportRecord
from assay.runs.settings import load_settings
from assay.store.bucket import Remote, in_bucket, remote_files
from assay.store.workspace import Workspace
from assay.usage.folder import slug, usage_folder
from assay.usage.ingest import ImportStanding, Retention, ingest
from assay.usage.listen import Ready, listen
from assay.usage.secret import workspace_secret
from assay.usage.sources import files_of, stem_of


def import_usage(
    sources: Sequence[str | Path],
    *,
    name: str | None = None,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    tell: Callable[[ImportStanding], None] | None = None,
    workspace: str | Path = ".",
) -> ImportRecord:
    """Take logs of usage in, redacted at the door. The same call again adds nothing.

    Args:
        sources: files, folders or patterns, ``s3://`` ones too; they may be packed by gzip, zstd,
            bzip2 or xz.
        name: the import's name; made from the first source where it is None.
        format: the logs' format, where their rows do not tell it.
        mapping: columns (or paths such as ``metadata.tenant``) by field.
        tell: is told now and then how far it is.
    """
    if format is not None:
        check_format(format)
    check_mapping(mapping or {})
    place = Workspace.find(Path(workspace))
    here = [source for source in sources if not in_bucket(source)]
    files: list[Path | Remote] = [*files_of(here, without=place.usage_folder.resolve())]
    files += [file for each in sources if in_bucket(each) for file in remote_files(str(each))]
    folder = usage_folder(place, name or slug(stem_of(sources[0])))
    return ingest(
        folder,
        workspace_secret(place.root),
        files,
        format=format,
        mapping=dict(mapping or {}),
        retention=retention_of(place),
        tell=tell,
    )


def retention_of(place: Workspace) -> Retention:
    """What the workspace's settings say of raw text."""
    told = load_settings(place.settings_file).usage
    return Retention(told.keep_raw, told.retention_days)


def listen_usage(
    name: str = "live",
    *,
    port: int = 4318,
    host: str = "127.0.0.1",
    ready: Ready | None = None,
    workspace: str | Path = ".",
) -> ImportRecord:
    """Take GenAI spans in over OTLP/HTTP, redacted, until SIGINT or SIGTERM.

    Args:
        name: the import's name.
        port: where to listen; 0 for any port that is free.
        host: the address to listen at. Nobody is asked who they are: beyond this machine, put a
            proxy before it that does.
        ready: is told the address, once the endpoint is there.
    """
    place = Workspace.find(Path(workspace))
    return listen(
        usage_folder(place, name),
        workspace_secret(place.root),
        retention_of(place),
        host=host,
        port=port,
        ready=ready,
    )
