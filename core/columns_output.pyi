"""Growing columns in Arrow's layout: C only, see columns_output.pxd."""
