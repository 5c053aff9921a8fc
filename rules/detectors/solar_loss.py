"""A plant that makes less than it should: on days with sun, against the weather, its neighbours or its own past."""

from dataclasses import dataclass, field

import numpy as np

from plagewatch.metering.intervals import Floats
from plagewatch.solar.sun import clear_sky_ghi
from rules.detectors.case import Case
from rules.detectors.history import before, quantile
from rules.detectors.solar_days import SunDays, bell_shaped, yielding
from rules.detectors.solar_expected import Past, against_driver, against_light, light_parts
from rules.detectors.verdicts import HOUR_S, Flags, Judgement, NotJudged, Verdicts, judged, unfit

@dataclass(frozen=True, slots=True)
class SolarLoss:
    allowance: float = 0.10
    enough: float = 0.4
    most_a_day: float = 0.2
    past: Past = field(default_factory=Past)
    reach_days: int = 30
    sunny: float = 0.5
    most_wiggle: float = 1.06
    least_full: float = 0.92
    steady: float = 0.15
    covered: float = 0.3
    both: bool = True


def shares(case, days, p):
    out = {}
    made = days.made
    f = case.facts
    placed = f.latitude is not None and f.longitude is not None
    sun = days.sun(f.latitude, f.longitude) if placed else None
    first_day = days.first_s // 86400
    temp = np.full(made.shape, np.nan)
    if case.weather is not None:
        temp = days.fill(case.hours.start_s, case.weather.temp_c)
        ghi = days.fill(case.hours.start_s, case.weather.ghi_wm2)
        if np.isfinite(ghi).sum() > 24 * 20:
            d = np.nansum(ghi, 1)
            if placed:
                both = np.isfinite(made) & np.isfinite(ghi)
                d = np.where(both, ghi, 0).sum(1)
                usual = quantile(before(np.nansum(ghi, 1), 30), 0.9, 8)
                use = (d >= p.sunny * usual) & (d > 0) & (d >= 0.7 * np.nansum(ghi, 1))
                fac = yielding(ghi, temp) / np.where(ghi > 0, ghi, 1)
                out['weather'] = against_light(made, light_parts(ghi, sun, fac), use, first_day, p.past)
            else:
                out['weather'] = against_driver(made, yielding(ghi, temp), p.sunny, p.past)
    near = [against_driver(made, days.fill(o.start_s, o.amount), p.sunny, p.past) for o in case.others.get('alike', ())[:5]]
    if near:
        out['neighbours'] = quantile(np.stack(near, 1), 0.5, 1)
    if not out:
        bell = bell_shaped(made, p.most_wiggle, p.least_full)
        if placed:
            cs = clear_sky_ghi(sun[0])
            fac = yielding(cs, temp) / np.where(cs > 0, cs, 1)
            out['self'] = against_light(made, light_parts(cs, sun, fac), bell, first_day, p.past)
        else:
            k = np.sort(np.where(np.isfinite(made), made, 0), axis=1)[:, -3:].mean(1)
            from rules.detectors.solar_expected import usual_ratio
            k = np.where(bell, k, np.nan)
            out['self'] = k / usual_ratio(k, p.past)
    return out, temp


def snow_may_lie(days, temp, facts):
    n = len(days.made)
    moments = days.start_s[:, 12].astype('datetime64[s]')
    month = moments.astype('datetime64[M]').astype(int) % 12 + 1
    dom = (moments.astype('datetime64[D]') - moments.astype('datetime64[M]')).astype(int) + 1
    north = facts.latitude is None or facts.latitude >= 0
    md = month * 100 + dom if north else ((month + 5) % 12 + 1) * 100 + dom
    season = (md >= 1101) | (md <= 415)
    known = np.isfinite(temp).sum(1)
    mean = np.where(known > 12, np.where(np.isfinite(temp), temp, 0).sum(1) / np.maximum(known, 1), np.nan)
    w = np.concatenate([before(mean, 9), mean[:, None]], 1)
    frost = (w < 1.5).any(1)
    return np.where(np.isfinite(w).sum(1) >= 5, frost, season)


def judge(case: Case, p: SolarLoss) -> Judgement:
    refused = unfit(case.hours)
    if refused is not None:
        return refused
    days = SunDays.of(case.hours)
    got, temp = shares(case, days, p)
    share = got['neighbours'] if 'neighbours' in got else next(iter(got.values()))
    if 'neighbours' in got and 'weather' in got and p.both:
        share = np.where(np.isfinite(got['neighbours']), np.fmax(got['neighbours'], got['weather']), np.nan)
    snow = snow_may_lie(days, temp, case.facts)
    doubt = snow | ('self' in got)
    use = np.flatnonzero(np.isfinite(share))
    s = share[use]
    last = np.concatenate([before(s, 2), s[:, None]], 1)
    steady = np.nan_to_num(last.max(1) - last.min(1), nan=9.0) <= p.steady
    lack_u = 1 - p.allowance - s
    counts = np.where(doubt[use], steady & (~snow[use] | (s > p.covered)), True)
    judge_it = (lack_u <= 0) | counts
    use, s = use[judge_it], s[judge_it]
    lack = np.full(len(share), np.nan)
    lack[use] = lack_u[judge_it]
    lack = np.where(lack > 0, np.minimum(lack, p.most_a_day), np.where(share > 0.96, -1.0, lack))
    score, since = gathered(lack, p)
    end = days.start_s[use, 23]
    keep = end <= case.hours.start_s[-1]
    use, end = use[keep], end[keep]
    v = Verdicts(end, days.start_s[np.minimum(since[use], use), 0] , score[use] / p.enough, score[use] > 0, share[use], {"share_pct": 100 * share[use]})
    return judged(v, case.hours)


def gathered(lack, p):
    win = np.concatenate([before(lack, p.reach_days), lack[:, None]], 1)
    back = np.cumsum(np.where(np.isfinite(win), win, 0)[:, ::-1], 1)
    best = back.max(1)
    since = np.arange(len(lack)) - back.argmax(1)
    return np.where(lack > 0, best, 0.0), since
