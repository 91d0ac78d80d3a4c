"""What a row says of a vehicle: C only, see columns_vehicle.pxd."""
