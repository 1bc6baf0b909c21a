"""Motors: two lags in series and a limit of speed for each, their supply, and what they report.

Nothing here knows friction, load, heat or current: a motor goes where it is told, late and no faster than its rate.
"""

import math

import numpy as np
from numpy.typing import NDArray

from robot_bridge.virtual import constants as c
from robot_bridge.virtual.faults import ON_A_CONTROL, Faults
from sdk.face.controls import ControlSchema

Array = NDArray[np.float64]

OK, LIMIT, SENSOR, CURRENT, VOLTAGE, COMMS, TEMPERATURE, DRIVER, HIGH_LEVEL = range(9)
"""Status of a motor; the codes are the maker's."""
STATUS = ("ok", "limit", "sensor", "current", "voltage", "comms", "temperature", "driver", "high level")


class Motors:
    """Places and states of the C motors; `home` (C,) is where they begin and where homing takes them."""

    def __init__(self, schema: ControlSchema, home: Array, faults: Faults) -> None:
        regions = [control.region for control in schema]
        self._rate = np.array([c.MOTOR_RATE[region] for region in regions])
        self._lags = np.array([c.MOTOR_LAG_S[region] for region in regions]).T
        self._homed = np.isin(regions, c.HOMED_REGIONS)
        self._home, self._faults = home.copy(), faults
        self._rows = {name: number for number, name in enumerate(schema.names)}
        self._shares: tuple[float, Array] = (math.nan, self._lags)
        self._homing_until = -math.inf
        self.places, self._between = home.copy(), home.copy()
        self.status = np.zeros(len(schema), np.intp)
        self.unknown = np.zeros(len(schema), bool)
        """Motors whose place cannot be read back."""

    @property
    def homing(self) -> bool:
        """Whether head and neck are being homed after a loss of supply."""
        return bool((self.status == HIGH_LEVEL).any())

    def step(self, target: Array, dt: float, now: float) -> None:
        """Move towards targets (C,) in motor space for `dt` seconds, which end at `now`."""
        rate = self._rate
        if self._faults.script:
            target, rate = self._disturbed(target, now)
        first, second = self._share(dt)
        self._between += (target - self._between) * first
        most = rate * dt
        self.places += np.minimum(np.maximum((self._between - self.places) * second, -most), most)

    def _share(self, dt: float) -> Array:
        """How much of a gap each lag closes in dt, (2, C); the exact answer of a lag to a step."""
        if self._shares[0] != dt:
            with np.errstate(divide="ignore"):
                self._shares = dt, -np.expm1(-dt / self._lags)
        return self._shares[1]

    def _disturbed(self, target: Array, now: float) -> tuple[Array, Array]:
        """Targets and rates with the faults of this time, which also set the status."""
        rate = self._rate.copy()
        self.status[:] = OK
        self.unknown[:] = False
        if self._faults.value(now, "supply", c.SUPPLY_V) < c.LEAST_SUPPLY_V:
            self._homing_until = now + c.HOMING_S
            rate[:], self.status[:] = 0, VOLTAGE
        elif now < self._homing_until:
            target = np.where(self._homed, self._home, target)
            self.status[self._homed] = HIGH_LEVEL
        for kind in ON_A_CONTROL:
            for fault in self._faults.at(now, kind):
                rows = self._rows[fault.control] if fault.control else slice(None)
                if kind == "slow":
                    rate[rows] *= fault.value
                elif kind == "stuck":
                    rate[rows], self.status[rows] = 0, round(fault.value)
                else:
                    self.unknown[rows], self.status[rows] = True, SENSOR
        return target, rate
