"""A script for the virtual robot, as one would lie on a robot: it writes the pose it was sent, and watches the jaw.

`system`, `Precedence`, `BidType` and `probe` are there when it runs.
"""

CONTROLS = [("Jaw Pitch", None), ("Nose Wrinkle", "Mesmer Nose 1")]
jaw, nose = (system.control(*one, acquire=["min", "max", "position", "demand"]) for one in CONTROLS)  # noqa: F821
blind = system.control("Jaw Pitch", None, acquire=["demand"])  # noqa: F821


class Activity:
    def on_start(self):
        self.pose, self.told = None, []
        self.told.append(("start", jaw.position, jaw.demand))
        self.bid = system.arbitration.make_bid(  # noqa: F821
            specifiers=["Control/Direct Motors/Mouth Motors", "Control/Mesmer Nose 1"],
            precedence=Precedence.VERY_HIGH, bid_type=BidType.ON_DEMAND,  # noqa: F821
        )  # fmt: skip

    def on_stop(self):
        system.messaging.post("ended", None)  # noqa: F821

    def on_pause(self):
        self.told.append("pause")

    def on_resume(self):
        self.told.append("resume")

    async def on_message(self, channel, message):
        if channel == "pose":
            self.pose = message
        elif channel == "without a bid":
            jaw.demand = message
        elif channel == "neutral":
            with self.bid.use():
                system.poses.apply(system.poses.get("Mouth Neutral"))  # noqa: F821
        elif channel == "raise":
            raise RuntimeError(message)
        elif channel == "wait":
            await Forever()

    @system.tick(fps=20)  # noqa: F821
    def on_tick(self):
        probe("ticks", len([one for one in self.told if one == "tick"]))  # noqa: F821
        self.told.append("tick")
        if self.pose is not None:
            with self.bid.use():
                jaw.demand, nose.demand = self.pose

    @system.watch([jaw])  # noqa: F821
    def on_jaw(self, changed, *_):
        probe("jaw", (jaw in changed, jaw.position, blind.position, jaw.min, jaw.max))  # noqa: F821


class Forever:
    def __await__(self):
        yield
