"""What is judged against what is delivered: a stated metric, what viewers can see, and tricks that try to slip by."""
