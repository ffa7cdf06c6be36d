"""All SQL of invoices, roll-ups, credit notes, hand-overs, profiles and tax."""
