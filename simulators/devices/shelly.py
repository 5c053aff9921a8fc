"""Packets of a Shelly Pro 3EM, written from the vendor's public documentation of its second-generation devices.

https://shelly-api-docs.shelly.cloud/gen2/General/Notifications: `NotifyStatus` on `<device>/events/rpc`, `ts` in UNIX
seconds. /gen2/ComponentsAndServices/EM and /EMData: powers in W, `total_act` and its phases in Wh.
/gen2/ComponentsAndServices/Mqtt: the whole status of a component on `<device>/status/<component>`.
"""

from collections.abc import Mapping

import orjson

# How the building's load lies on the three phases, in hundredths; a sum of whole hundredths stays exact.
PHASES = (("a", 41), ("b", 33), ("c", 26))
VOLTAGES_V = {"a": 231.4, "b": 229.8, "c": 232.6}
POWER_FACTOR = 0.96


Components = Mapping[str, Mapping[str, object]]
"""States of components by their name, as they stand in a notification."""


def events_topic(device: str) -> str:
    """Where notifications go."""
    return f"{device}/events/rpc"


def status_topic(device: str, component: str) -> str:
    """Where the whole status of one component goes."""
    return f"{device}/status/{component}"


def notify_status(device: str, ts: float, components: Components) -> bytes:
    """A notification of components that have changed; ts: seconds since 1970 UTC."""
    notification = {
        "src": device,
        "dst": f"{device}/events",
        "method": "NotifyStatus",
        "params": {"ts": ts, **components},
    }
    return orjson.dumps(notification)


def status(component: Mapping[str, object]) -> bytes:
    """The whole status of one component, which carries no time of its own."""
    return orjson.dumps(component)


def em(power_w: float) -> Components:
    """Component `em:0`: what flows now, on the three phases together power_w."""
    state: dict[str, object] = {"id": 0}
    for phase, hundredths in PHASES:
        active_w = power_w * hundredths / 100
        apparent_va = active_w / POWER_FACTOR
        state[f"{phase}_current"] = round(apparent_va / VOLTAGES_V[phase], 3)
        state[f"{phase}_voltage"] = VOLTAGES_V[phase]
        state[f"{phase}_act_power"] = round(active_w, 1)
        state[f"{phase}_aprt_power"] = round(apparent_va, 1)
        state[f"{phase}_pf"] = POWER_FACTOR
        state[f"{phase}_freq"] = 50.0
    state["n_current"] = None
    state["total_current"] = round(power_w / POWER_FACTOR / 230.0, 3)
    state["total_act_power"] = round(power_w, 3)
    state["total_aprt_power"] = round(power_w / POWER_FACTOR, 3)
    state["user_calibrated_phase"] = []
    return {"em:0": state}


def emdata(total_wh: int) -> Components:
    """Component `emdata:0`: the energy taken since the meter was set up, which a device tells every full minute.

    >>> emdata(248_500)["emdata:0"]["total_act"], emdata(248_500)["emdata:0"]["a_total_act_energy"]
    (248500.0, 101885.0)
    """
    state: dict[str, object] = {"id": 0}
    for phase, hundredths in PHASES:
        state[f"{phase}_total_act_energy"] = total_wh * hundredths / 100
        state[f"{phase}_total_act_ret_energy"] = 0.0
    state["total_act"] = float(total_wh)
    state["total_act_ret"] = 0.0
    return {"emdata:0": state}
