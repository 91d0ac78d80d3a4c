"""The one function that answers: admission, dispatch, record. Python: `entry`, `discreet`."""
