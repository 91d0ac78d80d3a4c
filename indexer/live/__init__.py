"""Changes as they come: touched subjects are linked and assembled again, as small generations over the base."""
