[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("EmoMotion.Core.Tests")]
[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("EmoMotion.Probe")]
