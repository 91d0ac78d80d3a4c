"""What operators call: data made and published, a server run, looked after and copied."""
