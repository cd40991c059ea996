// Sets the project up and then runs one of its scripts. Needs nothing but Node >= 20 and npm.
