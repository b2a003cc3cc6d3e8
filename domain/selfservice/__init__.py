"""What the owner of an account does after registration: a new password, a stolen account, changes, leaving.

Every errand begins alike: the account is named, its registered phone is proven. Until then nothing that is said
depends on whether such an account exists.
"""
