namespace PipelineBridge.Simulators;

/// <summary>A scripted fault ended an answer in its middle; the server then closes the connection.</summary>
sealed class AnswerCutException() : Exception("A scripted fault cut the answer.");
