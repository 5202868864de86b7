"""What the lessons share: predictions, exercises that answer, and sliders where there are any.

::

    from course import check, explore, photo, predict, quick

    guess = predict("What does one bright pixel become?", ["a square", "the kernel"])
    guess.reveal("B", "A blur is one dot, smeared.")
    check("01.1", my_function)
"""

from course.exercises import check
from course.moving import explore
from course.pictures import photo
from course.predictions import predict
from course.timing import quick

__all__ = ["check", "explore", "photo", "predict", "quick"]
