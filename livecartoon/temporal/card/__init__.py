"""The same filters where a card draws: what is large happens there, what decides stays here.

The only part of the anti-flicker that imports torch, and only when a style runs on a card.
"""
