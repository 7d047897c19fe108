"""What packages take from ``tensorflow.python`` that has no public name: see ``kerasish.src``, which finds it here."""
