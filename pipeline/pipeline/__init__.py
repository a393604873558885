"""The data plane: raw document → extract → chunk → embed → graph, and questions → answers.

It reads its settings from the environment and knows nothing of budgets, clusters or Pulumi.
"""
