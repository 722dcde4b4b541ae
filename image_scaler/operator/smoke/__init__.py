"""The smoke test of a deployed stage: checks, step by step, what only a real account can show."""

from image_scaler.operator.smoke.run import Outcome, SmokeTest, StepReport
from image_scaler.operator.smoke.steps import STEPS

__all__ = ["STEPS", "Outcome", "SmokeTest", "StepReport"]
