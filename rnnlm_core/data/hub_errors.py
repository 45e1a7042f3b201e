"""What the hub and its libraries raise, as one sentence each (`CorpusError`, codes hub.*)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from rnnlm_core.errors import BadInput, CorpusError

BUSY = (408, 429, 500, 502, 503, 504)

_log = logging.getLogger(__name__)


def as_corpus_error(error: Exception, id: str, patience: float, with_token: bool = False
                    ) -> BadInput:
    """The one sentence for whatever the libraries raised; only names of kinds get out.

    Their texts hold addresses and paths of the server, and one kind stands for many faults, so the
    whole chain of causes is looked at. A missing README leaves a harmless 404 in every chain.
    """
    import httpx2
    from huggingface_hub import errors as hub

    causes = list(_causes(error))
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    statuses = [cause.response.status_code for cause in causes
                if isinstance(cause, hub.HfHubHTTPError) and cause.response is not None]

    def any_is(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    def says(words: str) -> bool:  # where `datasets` has cut the chain
        return any(words in str(cause) for cause in causes)

    if known := next((cause for cause in causes if isinstance(cause, BadInput)), None):
        return known
    if any_is(hub.GatedRepoError) or says("is a gated dataset"):
        return CorpusError("hub.no_access" if with_token else "hub.gated", id=id)
    if any_is(hub.RepositoryNotFoundError, hub.DisabledRepoError) or says(
            "doesn't exist on the Hub or cannot be accessed"):
        return CorpusError("hub.missing", id=id)
    if any_is(hub.RevisionNotFoundError):
        return CorpusError("hub.revision", id=id)
    if refused := next((status for status in statuses if status in BUSY), None):
        return busy(refused)
    if any_is(httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ProxyError,
              hub.OfflineModeIsEnabled):
        return CorpusError("hub.offline")
    if any_is(httpx2.TimeoutException):
        return timeout(patience)
    if with_token and 401 in statuses:
        return CorpusError("hub.token")
    if 403 in statuses or 401 in statuses:
        return CorpusError("hub.no_access" if with_token else "hub.gated", id=id)
    if names & {"EmptyDatasetError", "DataFilesNotFoundError"}:
        return CorpusError("hub.no_files", id=id)
    if says("scripts are no longer supported"):
        return CorpusError("hub.script", id=id)
    if says("Data files don't belong to"):
        return CorpusError("hub.outside", id=id)  # its README names a path of the server, or a URL
    _log.info("reading the dataset %s failed", id, exc_info=error)
    return CorpusError("hub.unreadable", id=id, reason=_reason(error, names))


def _reason(error: Exception, names: set[str]) -> str:
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError) and error.response is not None:
        return f"answer {error.response.status_code}"
    for name, reason in {"UnicodeError": "not UTF-8", "CastError": "columns differ between files",
                         "ArrowInvalid": "damaged file", "ParserError": "damaged table"}.items():
        if name in names:
            return reason
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and what it was raised during."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        cause = waiting.pop(0)
        if not any(cause is other for other in seen):
            seen.append(cause)
            yield cause
            waiting += [c for c in (cause.__cause__, cause.__context__) if c is not None]


def busy(status: int) -> CorpusError:
    return CorpusError("hub.rate_limit") if status == 429 else CorpusError(
        "hub.busy", status=status)


def timeout(seconds: float) -> CorpusError:
    return CorpusError("hub.timeout", seconds=max(1, round(seconds)))


def plain(value: str, longest: int = 60) -> str:
    """What a stranger typed or named, fit for one sentence."""
    printable = "".join(c if c.isprintable() else "?" for c in value)
    return printable if len(printable) <= longest else printable[:longest] + "…"


def listed(names: Iterable[str], most: int = 20) -> str:
    names = [plain(name) for name in names]
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
