"""The engines that a guide points at."""
from support.engines import duck, spark_for  # noqa: F401
