"""What Prometheus is told: counted where it happens, gathered when it is asked for.

meters      the series of one process
sampler     what limiter and usage know of themselves, looked up once a second
places      the series of several workers as one
"""

from keyfob.metrics.meters import METERS, Meters
from keyfob.metrics.sampler import sampling

__all__ = ["METERS", "Meters", "sampling"]
