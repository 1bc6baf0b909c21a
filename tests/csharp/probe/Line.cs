using System;
using System.Globalization;
using System.Text;

namespace EmoMotion.Probe
{
    /// <summary>One line of JSON.</summary>
    internal sealed class Line
    {
        private readonly StringBuilder _text = new StringBuilder();

        public static Line Of(string what) => new Line().Add("what", what);

        public Line Add(string name, string value)
        {
            var text = (value ?? "").Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", " ");
            return Raw(name, $"\"{text}\"");
        }

        public Line Add(string name, double value) => Raw(name, value.ToString("R", CultureInfo.InvariantCulture));

        public Line Add(string name, bool value) => Raw(name, value ? "true" : "false");

        public void Print() => Console.WriteLine("{" + _text + "}");

        private Line Raw(string name, string value)
        {
            if (_text.Length > 0) _text.Append(", ");
            _text.Append($"\"{name}\": {value}");
            return this;
        }
    }
}
