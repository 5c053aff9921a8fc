"""The one place that draws: amounts of a meter, and progress towards a target, as SVG or PNG.

A gap is drawn as a gap, an amount that nobody measured looks different from one that was, and the coverage stands on
every chart. The same input gives the same bytes. Drawing is safe from any thread.
"""

from plagewatch.charts.amounts import ChartStyle, Expected, amounts_chart
from plagewatch.charts.canvas import Form, Size
from plagewatch.charts.progress import Progress, progress_chart

__all__ = ["ChartStyle", "Expected", "Form", "Progress", "Size", "amounts_chart", "progress_chart"]
