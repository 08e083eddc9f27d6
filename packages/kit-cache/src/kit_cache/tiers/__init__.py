"""The tiers outside the process; one module per library, imported when first needed."""
