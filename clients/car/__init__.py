"""The officer's screen in a patrol car: one box, an answer in layers, a lock; `app.CarApp` is what `ronda car` runs."""
