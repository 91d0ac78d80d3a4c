"""What a row says of a vehicle: C only, see core/standardise/vehicle.pxd."""
