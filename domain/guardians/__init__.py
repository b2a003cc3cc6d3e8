"""Minors and wards: who needs a guardian, how one is asked, what one decides, and when that ends."""
