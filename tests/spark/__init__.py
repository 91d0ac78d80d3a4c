"""`ronda clear --engine spark`: an executor without Spark; checked_spark.py with a real one (`./run spark-check`)."""
