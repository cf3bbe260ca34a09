"""The page of somebody in isolation: opened by the code of their letter, without an account."""
