using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EmoMotion
{
    /// <summary>
    /// Reads JSON into Dictionary&lt;string, object&gt;, List&lt;object&gt;, string, double, bool and null; whole
    /// numbers that a double cannot hold become ulong. Strict, and never deeper than 64; for tags in files, not for
    /// every frame.
    /// </summary>
    public static class Json
    {
        private const int MostDepth = 64;
        private const double MostExact = 9007199254740992;

        /// <summary>The value that a text holds.</summary>
        /// <exception cref="FormatException">It is no JSON; says where.</exception>
        public static object Parse(string text)
        {
            var at = 0;
            var value = Value(text, ref at, 0);
            Space(text, ref at);
            if (at < text.Length) throw Wrong("more than one value", at);
            return value;
        }

        private static object Value(string text, ref int at, int depth)
        {
            if (depth > MostDepth) throw Wrong("too deep", at);
            Space(text, ref at);
            if (at >= text.Length) throw Wrong("it ends too early", at);
            switch (text[at])
            {
                case '{': return Table(text, ref at, depth);
                case '[': return Row(text, ref at, depth);
                case '"': return Text(text, ref at);
                case 't': return Word(text, ref at, "true", true);
                case 'f': return Word(text, ref at, "false", false);
                case 'n': return Word(text, ref at, "null", null);
                default: return Number(text, ref at);
            }
        }

        private static Dictionary<string, object> Table(string text, ref int at, int depth)
        {
            var table = new Dictionary<string, object>(StringComparer.Ordinal);
            at++;
            if (Next(text, ref at) == '}')
            {
                at++;
                return table;
            }
            while (true)
            {
                if (Next(text, ref at) != '"') throw Wrong("a name is missing", at);
                var name = Text(text, ref at);
                if (Next(text, ref at) != ':') throw Wrong("':' is missing", at);
                at++;
                table[name] = Value(text, ref at, depth + 1);
                var next = Next(text, ref at);
                at++;
                if (next == '}') return table;
                if (next != ',') throw Wrong("',' or '}' is missing", at - 1);
            }
        }

        private static List<object> Row(string text, ref int at, int depth)
        {
            var row = new List<object>();
            at++;
            if (Next(text, ref at) == ']')
            {
                at++;
                return row;
            }
            while (true)
            {
                row.Add(Value(text, ref at, depth + 1));
                var next = Next(text, ref at);
                at++;
                if (next == ']') return row;
                if (next != ',') throw Wrong("',' or ']' is missing", at - 1);
            }
        }

        private static string Text(string text, ref int at)
        {
            var made = new StringBuilder();
            for (at++; at < text.Length; at++)
            {
                var c = text[at];
                if (c == '"')
                {
                    at++;
                    return made.ToString();
                }
                if (c < ' ') throw Wrong("a control character stands in a text", at);
                made.Append(c == '\\' ? Escaped(text, ref at) : c);
            }
            throw Wrong("a text has no end", at);
        }

        private static char Escaped(string text, ref int at)
        {
            if (++at >= text.Length) throw Wrong("a text has no end", at);
            switch (text[at])
            {
                case 'b': return '\b';
                case 'f': return '\f';
                case 'n': return '\n';
                case 'r': return '\r';
                case 't': return '\t';
                case '"': case '\\': case '/': return text[at];
                case 'u':
                    if (at + 4 < text.Length && ushort.TryParse(text.Substring(at + 1, 4),
                        NumberStyles.AllowHexSpecifier,
                        CultureInfo.InvariantCulture, out var code))
                    {
                        at += 4;
                        return (char)code;
                    }
                    break;
            }
            throw Wrong("an unknown escape", at);
        }

        private static object Number(string text, ref int at)
        {
            var start = at;
            while (at < text.Length && "+-.eE0123456789".IndexOf(text[at]) >= 0) at++;
            var digits = text.Substring(start, at - start);
            if (!double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                throw Wrong("no value", start);
            if (value > MostExact && ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture,
                out var whole)) return whole;
            return value;
        }

        private static object Word(string text, ref int at, string word, object value)
        {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) throw Wrong("no value", at);
            at += word.Length;
            return value;
        }

        private static char Next(string text, ref int at)
        {
            Space(text, ref at);
            return at < text.Length ? text[at] : '\0';
        }

        private static void Space(string text, ref int at)
        {
            while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0) at++;
        }

        private static FormatException Wrong(string what, int at) =>
            new FormatException($"no JSON: {what} at character {at}");
    }
}
