"""Every number the virtual Ameca is made of. The line below each says where it comes from:

vendor-doc: documentation of the maker. public-code: read in published code of others (facts, no code). assumed: our own
choice, never confirmed on hardware. Ranges, neutral and names of the controls are in `ameca_controls.yaml`.
"""

# --- clocks and timers, in seconds ---

TICK_HZ = 60.0
"""public-code: rate of the mixing, mouth, eyelid, gaze and lip limiter scripts."""
LARGEST_STEP_S = 0.25
"""assumed: a longer step is refused, for the models would jump over what they are to show."""
IDLE_S = 2.0
"""public-code: without demand for so long lids open, and without data a telepresence face goes to neutral."""
ON_DEMAND_S = 0.5
"""assumed: an ON_DEMAND bid takes part so long after its last write. How long it does on the robot is not public."""
WARM_UP_S = 0.6
"""public-code: head and neck come over in a ramp of so long when another bid wins; controls of the face skip it."""
BLINK_EVERY_S = (2.0, 10.0)
"""public-code: shortest and longest time between two blinks."""
BLINK_SHUT_S = (0.075, 0.150)
"""public-code: shortest and longest blink; that the lids are told to be shut for all of it is assumed."""
HOMING_S = 2.0
"""assumed: head and neck need homing after their supply was low (vendor-doc); so long they do not follow."""
REORDER_S = 0.05
"""assumed: a reordered frame comes so much later, behind the next one or two."""

# --- motors ---

MOTOR_RATE = {
    "brow": 9.0, "lid": 40.0, "gaze": 700.0, "head": 90.0, "neck": 75.0, "jaw": 6.0, "lip": 6.0, "nose": 6.0,
}  # fmt: skip
"""assumed: fastest motion by region, in the control's unit per second; no rating is public. Lids shut within 75 ms."""
MOTOR_LAG_S = {
    "brow": (0.0, 0.030), "lid": (0.0, 0.010), "gaze": (0.0, 0.015), "head": (0.050, 0.050), "neck": (0.070, 0.070),
    "jaw": (0.0, 0.030), "lip": (0.0, 0.030), "nose": (0.0, 0.030),
}  # fmt: skip
"""assumed: time constants of two lags in series by region; a first one of 0 leaves a lag of first order."""
SUPPLY_V = 24.0
"""assumed: the motors' supply when all is well."""
LEAST_SUPPLY_V = 19.0
"""vendor-doc: head motors need at least this supply."""
HOMED_REGIONS = ("head", "neck")
"""vendor-doc: the regions whose motors need homing."""

# --- coupled limits: each map is ((x0, y0), (x1, y1)), straight between them and constant outside, which is assumed ---

LEAST_DEPRESS_BY_JAW = ((0.7, 0.0), (1.0, 0.40))
"""public-code: least Lip Bottom Depress Middle by Jaw Pitch."""
JAW_SHARE_OF_DEPRESS = 0.75
"""public-code: the opening between the lips is Jaw Pitch less this share of Lip Bottom Depress Middle."""
LEAST_RAISE_BY_OPENING = ((0.4, 0.0), (0.7, 0.5))
"""public-code: least Lip Top Raise Middle by that opening."""
LEAST_BOTTOM_CURL_BY_DEPRESS = ((0.0, 0.1), (1.0, 0.85))
"""public-code: least Lip Bottom Curl by Lip Bottom Depress Middle."""
LEAST_TOP_CURL_BY_RAISE = ((0.0, 0.0), (1.0, 0.75))
"""public-code: least Lip Top Curl by Lip Top Raise Middle."""
MOST_TOP_CURL_BY_RAISE = ((0.0, 0.7), (0.2, 1.0))
"""public-code: most Lip Top Curl by Lip Top Raise Middle."""
JAW_YAW_CENTRE = 0.5
"""public-code: Jaw Yaw of a jaw that is not turned."""
JAW_YAW_BY_PITCH = ((0.0, 0.2), (1.0, 0.5))
"""assumed: largest turn from the centre by Jaw Pitch. That pitch wins over yaw is vendor-doc, the numbers are ours."""
NECK_PITCH_BY_HEAD = ((-0.5, 1.0), (1.0, 0.4))
"""assumed: reachable share of neck pitch by the head's pitch to the same side, as a share of its own range. That full
neck pitch needs opposite head pitch is vendor-doc, the numbers are ours."""
NECK_PITCH_AND_ROLL = 1.5
"""assumed: neck pitch and roll, as shares of their ranges, sum to no more. That they are coupled is vendor-doc."""

# --- drivers ---

GAZE_THETA_DEG = 62.0
"""public-code: the gaze driver's largest theta."""
HEAD_SHARE_OF_PITCH = 0.75
"""public-code: the head's share where a pitch is asked of head and neck together; the neck has the rest."""
HEAD_SHARE_OF_ROLL = 0.85
"""public-code: the same for roll."""
HEAD_PITCH_SQUASH_DEG = -10.0
"""public-code: half of what the head's pitch is below this moves to the neck."""
LID_FOLLOW_UPPER = 1.0
"""public-code: how much the upper lids' open pose follows the pitch of the eyes."""
LID_FOLLOW_LOWER = 0.8
"""public-code: the same for the lower lids, which follow with the other sign: what opens one shuts the other."""
LID_FOLLOW_SCALE = 0.5
"""assumed: openness per full theta at a gain of 1. Positive theta as looking up is assumed too."""
