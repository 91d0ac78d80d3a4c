"""Growing columns in Arrow's layout: C only, see core/standardise/columns.pxd."""
