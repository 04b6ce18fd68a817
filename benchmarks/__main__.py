"""``python benchmarks``: every table, one after the other."""

from __future__ import annotations

import demo_cost
import rows
import startup


rows.main()
startup.main()
demo_cost.main()
