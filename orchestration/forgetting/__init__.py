"""Taking a party, one person or old months out of everything, and the proof that nothing is left."""
