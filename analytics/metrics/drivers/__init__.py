"""How drivers' time is used, what it earns and costs, and how many hours of it are lacking or spare.

Modules: ``time_use``, ``costs``, ``carried`` (offers and trips), ``required`` (the model of required hours), ``hours`` (short and spare),
``hours_by_cell``; ``rows`` holds what they share.
"""
