"""What runs inside the environment of a deployment: Python 3.8 and later, and no package of ours beside it."""
