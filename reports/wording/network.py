"""What the network of a run is called."""

from __future__ import annotations

from config.settings import RunSettings


def network_words(settings: RunSettings) -> tuple[str, str]:
    """The network as what it is, so that a simulated one is never mistaken for a real one.

    Returns:
        Its name in a sentence, and what is to be said of it besides; the latter "" where nothing is.
    """
    if settings.network == "localnet":
        return "the embedded network", _simulated(settings)
    if settings.network == "solo":
        return "a Solo network", ""
    return ("a network of your own" if settings.network == "custom" else settings.network), ""


def where(settings: RunSettings) -> str:
    """On what a run was, as a part of a sentence."""
    name, besides = network_words(settings)
    return f"on {name} ({besides})" if besides else f"on {name}"


def _simulated(settings: RunSettings) -> str:
    profile = settings.localnet_latency
    if profile == "standard":
        return f"{settings.localnet_consensus_delay:g} s to consensus, as configured"
    return "no latency, as configured" if profile == "instant" else f"latencies modelled on {profile}'s"
