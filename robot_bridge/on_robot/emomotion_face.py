"""EmoMotion's face on the robot: writes what the bridge sends, and brings the face to neutral when the bridge is
silent.

Put this file on the robot as a script of its own. The bridge starts and stops it and posts messages to it on the
channel "emomotion_face". Only what is public of the script model is used: an Activity, ticks, messages, one
arbitration bid. Never run on hardware.

    {"type": "begin", "session": text, "neutral": [30 numbers]}     a bridge takes the face; the pose it rests in
    {"type": "frame", "session": text, "number": n, "values": [30 numbers]}     a pose, in the controls' own units
    {"type": "settle", "session": text}     go to neutral by yourself, then let go
    {"type": "release", "session": text}    let go

What is not one of these, is of another session, has a number that was there before or holds anything but 30 finite
numbers is counted and ignored. All scripts share one thread, so nothing here waits.
"""

import math

CHANNEL = "emomotion_face"
FPS = 60
SILENCE_S = 0.5  # assumed; the bridge writes 60 times a second, and the robot's own rules act after 2 s
SETTLE_S = 1.2  # assumed; no control is then faster than the bridge would move it

# name, namespace (None: the motor is driven directly), lowest, highest, neutral of the virtual robot
CONTROLS = (
    ("Brow Inner Left", "Mesmer Brows 1", 0, 1, 0.5),
    ("Brow Inner Right", "Mesmer Brows 1", 0, 1, 0.5),
    ("Brow Outer Left", "Mesmer Brows 1", 0, 1, 0.5),
    ("Brow Outer Right", "Mesmer Brows 1", 0, 1, 0.5),
    ("Eyelid Lower Left", "Mesmer Eyelids 1", -1, 2, 1),
    ("Eyelid Lower Right", "Mesmer Eyelids 1", -1, 2, 1),
    ("Eyelid Upper Left", "Mesmer Eyelids 1", -1, 2, 1),
    ("Eyelid Upper Right", "Mesmer Eyelids 1", -1, 2, 1),
    ("Gaze Target Phi", "Mesmer Gaze 1", -130, 130, 0),
    ("Gaze Target Theta", "Mesmer Gaze 1", -60, 60, 0),
    ("Head Pitch", "Mesmer Neck 1", -30, 20, 0),
    ("Head Roll", "Mesmer Neck 1", -20, 20, 0),
    ("Head Yaw", "Mesmer Neck 1", -30, 30, 0),
    ("Jaw Pitch", None, 0, 1, 1),
    ("Jaw Yaw", "Mesmer Mouth 2", 0, 1, 0.5),
    ("Lip Bottom Curl", None, 0, 1, 0.46),
    ("Lip Bottom Depress Left", None, 0, 1, 0.56),
    ("Lip Bottom Depress Middle", None, 0, 1, 0.43),
    ("Lip Bottom Depress Right", None, 0, 1, 0.54),
    ("Lip Corner Raise Left", None, 0, 1, 0.47),
    ("Lip Corner Raise Right", None, 0, 1, 0.62),
    ("Lip Corner Stretch Left", None, 0, 1, 0.64),
    ("Lip Corner Stretch Right", None, 0, 1, 0.31),
    ("Lip Top Curl", None, 0, 1, 0.41),
    ("Lip Top Raise Left", None, 0, 1, 0.48),
    ("Lip Top Raise Middle", None, 0, 1, 0.30),
    ("Lip Top Raise Right", None, 0, 1, 0.45),
    ("Neck Pitch", "Mesmer Neck 1", -20, 30, 0),
    ("Neck Roll", "Mesmer Neck 1", -24, 24, 0),
    ("Nose Wrinkle", "Mesmer Nose 1", 0, 1, 0),
)
SPECIFIERS = [
    "Control/Direct Motors/Lip Motors", "Control/Direct Motors/Mouth Motors", "Control/Mesmer Mouth 2",
    "Control/Mesmer Eyelids 1", "Control/Mesmer Neck 1", "Control/Mesmer Brows 1", "Control/Mesmer Gaze 1",
    "Control/Mesmer Nose 1",
]  # fmt: skip

# `system`, `Precedence`, `BidType` and `probe` are there for every script on the robot.
controls = [system.control(name, namespace, ["demand"]) for name, namespace, *_ in CONTROLS]  # noqa: F821


class Activity:
    def on_start(self):
        self.neutral = [row[4] for row in CONTROLS]
        self.session, self.number = None, -1
        self.values = None  # what is written; None: nothing is
        self.silent = self.settling = 0  # ticks; settling counts from 1
        self.start = self.neutral
        self.ignored = 0
        self.bid = system.arbitration.make_bid(  # noqa: F821
            specifiers=SPECIFIERS, precedence=Precedence.VERY_HIGH, bid_type=BidType.ON_DEMAND  # noqa: F821
        )  # fmt: skip

    def on_stop(self):
        self.values = None

    def on_pause(self):
        self.values = None

    def on_message(self, channel, message):
        if channel != CHANNEL:
            return
        kind = message.get("type") if isinstance(message, dict) else None
        mine = kind is not None and self.session is not None and message.get("session") == self.session
        if kind == "begin" and isinstance(message.get("session"), str):
            neutral = pose_of(message.get("neutral"))
            if neutral is not None:
                self.neutral, self.session, self.number = neutral, message["session"], -1
                self.silent = self.settling = 0
                return
        elif mine and kind == "frame":
            values, number = pose_of(message.get("values")), message.get("number")
            if values is not None and type(number) is int and number > self.number and not self.settling:
                self.values, self.number, self.silent = values, number, 0
                return
        elif mine and kind == "settle":
            self.settle()
            return
        elif mine and kind == "release":
            self.values, self.session = None, None
            return
        self.ignored += 1

    @system.tick(fps=FPS)  # noqa: F821
    def on_tick(self):
        if self.values is None:
            return
        self.silent += 1
        if self.silent > SILENCE_S * FPS and not self.settling:
            self.settle()
        if self.settling:
            share = min(self.settling / (SETTLE_S * FPS), 1.0)
            self.settling += 1
            eased = share**3 * (10 - 15 * share + 6 * share**2)  # starts and ends at rest
            self.values = [a + eased * (b - a) for a, b in zip(self.start, self.neutral, strict=True)]
        with self.bid.use():
            for control, value in zip(controls, self.values, strict=True):
                control.demand = value
        if self.settling > SETTLE_S * FPS + 1:
            self.values = self.session = None
        probe("emomotion", {"number": self.number, "ignored": self.ignored, "settling": self.settling > 0})  # noqa: F821

    def settle(self):
        if self.values is not None and not self.settling:
            self.start, self.settling = self.values, 1


def pose_of(numbers):
    """30 numbers as floats within their ranges; None for anything else."""
    if not isinstance(numbers, list) or len(numbers) != len(CONTROLS):
        return None
    if not all(type(value) in (int, float) and math.isfinite(value) for value in numbers):
        return None
    return [float(min(max(value, row[2]), row[3])) for value, row in zip(numbers, CONTROLS, strict=True)]
