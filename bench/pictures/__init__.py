"""The pages' pictures, each made by the command that it shows, on the demonstration's nation."""
